-- Write groups, all that leads to groups, and outbox entries, while the rebuild is one's own.
-- ARGV: nonce, lease in milliseconds, limit of an index, the sizes of four columns (groups, links,
-- aliases, index additions), digests of the links, fields of the aliases, the groups in which
-- guests wait (see guests.lua), the values of the columns, then ID and content with slot of each
-- entry.
-- Answer: {number of a link, group that it led to before, ...}, where it leads to another one now.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local HEAD = 10
local function next_column(i)
  local size = tonumber(ARGV[i])
  return column(size), size
end

-- The link of a suppressed identifier, as Python's SUPPRESSED.
local SUPPRESSED = '-'

-- As write_places, and what stood there before. A suppressed identifier stays one: groups in which
-- it is still to be taken out may come after the group that tells so.
local function write_links(links, count)
  local former = {}
  for _ = 1, count do
    local bucket, value, i = take_next(links, HEAD)
    local field = link_field(ARGV[8], i)
    local standing = redis.call('HGET', bucket, field)
    if standing ~= value and standing ~= SUPPRESSED then
      redis.call('HSET', bucket, field, value)
      if standing and #standing == GROUP_ID_BYTES and #value == GROUP_ID_BYTES then
        former[#former + 1] = i
        former[#former + 1] = standing
      end
    end
  end
  return former
end

local groups, group_count = next_column(4)
local links, link_count = next_column(5)
local aliases, alias_count = next_column(6)
local added, added_count = next_column(7)
write_groups(groups, group_count, HEAD)
local former = write_links(links, link_count)
write_places(aliases, alias_count, HEAD, alias_field, ARGV[9])
add_to_indexes(added, added_count, HEAD, tonumber(ARGV[3]))
write_waiting(ARGV[10], 0, #ARGV[10] / TOLD_BYTES)

local now = now_text()
for i = HEAD + places_taken + 1, #ARGV, 2 do
  put_entry(ARGV[i], ARGV[i + 1], now)
end
write_outbox()
return former
