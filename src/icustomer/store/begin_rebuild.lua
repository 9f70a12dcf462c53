-- Set the fence to pending under one's nonce, unless another's rebuild is under way here.
-- ARGV: nonce, lease in milliseconds, nonces of one's own former tries, which are over.
-- Answer: 1, or 0 if another's lease runs.

local nonce, lease_ms = ARGV[1], ARGV[2]
local fence, own = redis.call('GET', FENCE) or '', pending_fence(nonce)
local free = fence == own or not starts_with(fence, pending_fence(''))
for i = 3, #ARGV do
  free = free or fence == pending_fence(ARGV[i])
end
if not free then
  return 0
end
redis.call('SET', FENCE, own, 'PX', lease_ms)
return 1
