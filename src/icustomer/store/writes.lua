-- What a change reads and writes stands in columns: one after the other in KEYS, each key with its
-- value at the same place behind the head of ARGV. '' as a value deletes.

local places_taken = 0

-- The next column.
local function column(size)
  local new = { before = places_taken, taken = 0 }
  places_taken = places_taken + size
  return new
end

-- The next key of a column, its value, and its number within the column.
local function take_next(from, head)
  from.taken = from.taken + 1
  local place = from.before + from.taken
  return KEYS[FIXED_KEYS + place], ARGV[head + place], from.taken
end

local function write_groups(groups, count, head)
  for _ = 1, count do
    local key, blob = take_next(groups, head)
    if blob == '' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, blob)
    end
  end
end

local function write_places(places, count, head, field_of, packed)
  for _ = 1, count do
    local bucket, value, i = take_next(places, head)
    if value == '' then
      redis.call('HDEL', bucket, field_of(packed, i))
    else
      redis.call('HSET', bucket, field_of(packed, i), value)
    end
  end
end

local function add_to_indexes(indexes, count, head, limit)
  for _ = 1, count do
    local key, group_id = take_next(indexes, head)
    if redis.call('SISMEMBER', key, group_id) == 0 then
      local full = redis.call('SCARD', key) >= limit
      redis.call('SADD', key, full and '+' or group_id)
    end
  end
end
