-- Each change on its own: if every group version and link that it read still stands, write all
-- of it and its outbox entry; else nothing.
-- ARGV: fence, nonce, slot, limit of an index, plan, values. The plan is msgpack of the changes, each
-- {group checks, link checks, sets, deletes, index additions, index removals, digest, content}:
-- flat lists of positions of key and value, deletes of keys alone; '' expects nothing there.
-- (Only positions, because this msgpack does not know the binary type.)
-- Answer: a '1' or '0' for each change.

local fence, nonce, slot, index_limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
if not fence_stands(fence) then
  return LOST
end
local changes = cmsgpack.unpack(ARGV[5])

-- What stands at a key, read or written here: of a group the version, else the value.
local standing = {}

local function read_links()
  local positions, keys = {}, {}
  for _, change in ipairs(changes) do
    local checks = change[2]
    for i = 1, #checks, 2 do
      positions[#positions + 1] = checks[i]
      keys[#keys + 1] = KEYS[checks[i]]
    end
  end
  for first = 1, #keys, CHUNK do
    for i, value in ipairs(redis.call('MGET', chunk_from(keys, first))) do
      standing[positions[first + i - 1]] = value or ''
    end
  end
end

local function still_as_read(change)
  local groups, links = change[1], change[2]
  for i = 1, #groups, 2 do
    local position = groups[i]
    standing[position] = standing[position] or standing_version(KEYS[position])
    if standing[position] ~= ARGV[groups[i + 1]] then
      return false
    end
  end
  for i = 1, #links, 2 do
    if standing[links[i]] ~= ARGV[links[i + 1]] then
      return false
    end
  end
  return true
end

-- Key position to the value it shall have, false to delete it: written at once at the end.
local written = {}

local function write(change)
  local sets, additions, removals = change[3], change[5], change[6]
  for i = 1, #sets, 2 do
    local value = ARGV[sets[i + 1]]
    written[sets[i]] = value
    -- Links and aliases are no longer than a version.
    standing[sets[i]] = string.sub(value, 1, 16)
  end
  for _, position in ipairs(change[4]) do
    written[position] = false
    standing[position] = ''
  end
  for i = 1, #additions, 2 do
    add_to_index(KEYS[additions[i]], ARGV[additions[i + 1]], index_limit)
  end
  for i = 1, #removals, 2 do
    redis.call('SREM', KEYS[removals[i]], ARGV[removals[i + 1]])
  end
  local digest, content = ARGV[change[7]], ARGV[change[8]]
  if content ~= '' then
    put_entry(entry_id(digest, nonce), slot .. content)
  end
end

local function write_keys()
  local sets, deletes = {}, {}
  for position, value in pairs(written) do
    if value then
      sets[#sets + 1] = KEYS[position]
      sets[#sets + 1] = value
    else
      deletes[#deletes + 1] = KEYS[position]
    end
  end
  for first = 1, #sets, CHUNK do
    redis.call('MSET', chunk_from(sets, first))
  end
  for first = 1, #deletes, CHUNK do
    redis.call('DEL', chunk_from(deletes, first))
  end
end

read_links()
local answers = {}
for i, change in ipairs(changes) do
  local stands = still_as_read(change)
  if stands then
    write(change)
  end
  answers[i] = stands and '1' or '0'
end
write_keys()
write_outbox()
return table.concat(answers)
