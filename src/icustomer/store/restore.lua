-- Write groups with all that leads to them, and outbox entries, while the rebuild is one's own.
-- ARGV: nonce, lease in milliseconds, limit of an index, the sizes of four columns (groups, links,
-- aliases, index additions), digests of the links, fields of the aliases, the values of the columns,
-- then ID and content with slot of each entry.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local HEAD = 9
local function next_column(i)
  local size = tonumber(ARGV[i])
  return column(size), size
end

local groups, group_count = next_column(4)
local links, link_count = next_column(5)
local aliases, alias_count = next_column(6)
local added, added_count = next_column(7)
write_groups(groups, group_count, HEAD)
write_places(links, link_count, HEAD, link_field, ARGV[8])
write_places(aliases, alias_count, HEAD, alias_field, ARGV[9])
add_to_indexes(added, added_count, HEAD, tonumber(ARGV[3]))

local now = now_text()
for i = HEAD + places_taken + 1, #ARGV, 2 do
  put_entry(ARGV[i], ARGV[i + 1], now)
end
write_outbox()
return 1
