-- Each change on its own: if every group version, link and index that it read still stands, write
-- all of it and its outbox entry; else nothing.
-- ARGV: fence, nonce, slot, limit of an index, plan, digests of the links read, of the links written,
-- fields of the aliases, digests of the entries' contents, digests of the marks left,
-- the groups in which guests wait (see guests.lua), the values of the columns, the contents.
-- Columns: groups read (values are versions), links read ('' where nothing is expected), groups, links,
-- aliases, index additions, index removals, indexes of marks left, their links, indexes read (values are
-- all group IDs that they name, one behind the other). The plan is msgpack of {size of each column, {for
-- each change how much of each column is its own}, {for each change how many groups in which guests
-- wait}}.
-- Answer: a '1' or '0' for each change.

local fence, nonce, slot, index_limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
if not fence_stands(fence) then
  return LOST
end
local sizes, changes, waiting = unpack(cmsgpack.unpack(ARGV[5]))
local links_read_by, links_by, aliases_by, digests = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local left_by, waiting_told = ARGV[10], ARGV[11]
local HEAD = 11
local now = now_text()

local columns = {}
for i, size in ipairs(sizes) do
  columns[i] = column(size)
end
local groups_read, links_read, groups, links, aliases, added, removed = unpack(columns)
local left_indexes, left_links, indexes_read = columns[8], columns[9], columns[10]

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
  for _ = 1, change[10] do
    if not names_exactly(take_next(indexes_read, HEAD)) then
      return false
    end
  end
  return true
end

-- A mark goes with the last group that carries its identifier.
local function take_marks_away(count)
  for _ = 1, count do
    local index = take_next(left_indexes, HEAD)
    local bucket, _, i = take_next(left_links, HEAD)
    if redis.call('SCARD', index) == 0 then
      redis.call('HDEL', bucket, link_field(left_by, i))
    end
  end
end

local function write(change)
  write_groups(groups, change[3], HEAD)
  write_places(links, change[4], HEAD, link_field, links_by)
  write_places(aliases, change[5], HEAD, alias_field, aliases_by)
  add_to_indexes(added, change[6], HEAD, index_limit)
  for _ = 1, change[7] do
    redis.call('SREM', take_next(removed, HEAD))
  end
  take_marks_away(change[8])
end

local function enter(i)
  local content = ARGV[HEAD + places_taken + i]
  if content ~= '' then
    local digest = string.sub(digests, DIGEST_BYTES * (i - 1) + 1, DIGEST_BYTES * i)
    put_entry(entry_id(digest, nonce), slot .. content, now)
  end
end

-- Where the next change begins, however far this one came.
local starts = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
local function pass(change)
  for i, count in ipairs(change) do
    starts[i] = starts[i] + count
    columns[i].taken = starts[i]
  end
end

-- How many groups in which guests wait were told of before.
local waits = 0
local answers = {}
for i, change in ipairs(changes) do
  local stands = still_as_read(change)
  if stands then
    write(change)
    write_waiting(waiting_told, waits, waiting[i])
    enter(i)
  end
  pass(change)
  waits = waits + waiting[i]
  answers[i] = stands and '1' or '0'
end
write_outbox()
return table.concat(answers)
