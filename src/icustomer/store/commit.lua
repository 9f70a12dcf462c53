-- Each change on its own: if every group version, link and index that it read still stands, write
-- all of it and its outbox entry; else nothing.
-- ARGV: fence, nonce, slot, limit of an index, plan, digests of the links read, of the links written,
-- fields of the aliases, digests of the entries' contents, the values of the columns, the contents.
-- Columns: groups read (values are versions), links read ('' where nothing is expected), groups, links,
-- aliases, index additions, index removals, indexes read (values are all group IDs that they name, one
-- behind the other). The plan is msgpack of {size of each column, {for each
-- change how much of each column is its own}}.
-- Answer: a '1' or '0' for each change.

local fence, nonce, slot, index_limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
if not fence_stands(fence) then
  return LOST
end
local sizes, changes = unpack(cmsgpack.unpack(ARGV[5]))
local links_read_by, links_by, aliases_by, digests = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local HEAD = 9
local now = now_text()

local columns = {}
for i, size in ipairs(sizes) do
  columns[i] = column(size)
end
local groups_read, links_read, groups, links, aliases, added, removed, indexes_read = unpack(columns)

local function names_exactly(index, members)
  if redis.call('SCARD', index) * GROUP_ID_BYTES ~= #members then
    return false
  end
  for last = GROUP_ID_BYTES, #members, GROUP_ID_BYTES do
    if redis.call('SISMEMBER', index, string.sub(members, last - GROUP_ID_BYTES + 1, last)) == 0 then
      return false
    end
  end
  return true
end

local function still_as_read(change)
  for _ = 1, change[1] do
    local key, version = take_next(groups_read, HEAD)
    if standing_version(key) ~= version then
      return false
    end
  end
  for _ = 1, change[2] do
    local bucket, link, i = take_next(links_read, HEAD)
    if standing_place(bucket, link_field(links_read_by, i)) ~= link then
      return false
    end
  end
  for _ = 1, change[8] do
    if not names_exactly(take_next(indexes_read, HEAD)) then
      return false
    end
  end
  return true
end

local function write(change)
  write_groups(groups, change[3], HEAD)
  write_places(links, change[4], HEAD, link_field, links_by)
  write_places(aliases, change[5], HEAD, alias_field, aliases_by)
  add_to_indexes(added, change[6], HEAD, index_limit)
  for _ = 1, change[7] do
    redis.call('SREM', take_next(removed, HEAD))
  end
end

local function enter(i)
  local content = ARGV[HEAD + places_taken + i]
  if content ~= '' then
    local digest = string.sub(digests, DIGEST_BYTES * (i - 1) + 1, DIGEST_BYTES * i)
    put_entry(entry_id(digest, nonce), slot .. content, now)
  end
end

-- Where the next change begins, however far this one came.
local starts = { 0, 0, 0, 0, 0, 0, 0, 0 }
local function pass(change)
  for i, count in ipairs(change) do
    starts[i] = starts[i] + count
    columns[i].taken = starts[i]
  end
end

local answers = {}
for i, change in ipairs(changes) do
  local stands = still_as_read(change)
  if stands then
    write(change)
    enter(i)
  end
  pass(change)
  answers[i] = stands and '1' or '0'
end
write_outbox()
return table.concat(answers)
