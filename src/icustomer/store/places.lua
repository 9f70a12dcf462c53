-- Links and aliases stand in hashes, many in each: the bucket is told as a key, the field by what
-- is packed into one argument, in the same order.

local LINK_BYTES = 16
local ALIAS_BYTES = 10

-- The first byte of a digest is told by its bucket.
local function link_field(digests, i)
  return string.sub(digests, LINK_BYTES * (i - 1) + 2, LINK_BYTES * i)
end

local function alias_field(fields, i)
  return string.sub(fields, ALIAS_BYTES * (i - 1) + 1, ALIAS_BYTES * i)
end

local function standing_place(bucket, field)
  return redis.call('HGET', bucket, field) or ''
end
