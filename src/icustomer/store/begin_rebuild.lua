-- Set the fence to pending under one's nonce, unless another's rebuild is under way here.
-- ARGV: nonce, lease in milliseconds. Answer: 1, or 0 if another's lease runs.

local nonce, lease_ms = ARGV[1], ARGV[2]
local fence, own = redis.call('GET', FENCE) or '', pending_fence(nonce)
if fence ~= own and starts_with(fence, pending_fence('')) then
  return 0
end
redis.call('SET', FENCE, own, 'PX', lease_ms)
return 1
