-- Take away what led to groups, unless it leads elsewhere by now, while the rebuild is one's own.
-- ARGV: nonce, lease in milliseconds, the sizes of three columns (links, aliases, index members),
-- digests of the links, fields of the aliases, the values of the columns: where each led to.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local HEAD = 7

local function detach_places(places, count, field_of, packed)
  for _ = 1, count do
    local bucket, value, i = take_next(places, HEAD)
    local field = field_of(packed, i)
    if redis.call('HGET', bucket, field) == value then
      redis.call('HDEL', bucket, field)
    end
  end
end

local link_count, alias_count, index_count = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
detach_places(column(link_count), link_count, link_field, ARGV[6])
detach_places(column(alias_count), alias_count, alias_field, ARGV[7])
local indexes = column(index_count)
for _ = 1, index_count do
  local key, group_id = take_next(indexes, HEAD)
  redis.call('SREM', key, group_id)
end
return 1
