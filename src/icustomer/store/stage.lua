-- Put groups or tombstones down where nothing newer stands, while the rebuild is one's own.
-- ARGV: nonce, lease in milliseconds, the values. Answer: what stood there before, '' for nothing.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local HEAD = 2
local former = {}
for i = 1, #KEYS - FIXED_KEYS do
  local key, value = KEYS[FIXED_KEYS + i], ARGV[HEAD + i]
  local standing = redis.call('GET', key) or ''
  if string.sub(value, 1, VERSION_DIGITS) >= string.sub(standing, 1, VERSION_DIGITS) then
    redis.call('SET', key, value)
  end
  former[i] = standing
end
return former
