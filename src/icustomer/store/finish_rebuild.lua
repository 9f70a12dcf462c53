-- Write the epoch and the fence, while the rebuild is one's own.
-- ARGV: nonce, lease in milliseconds, `<number>:<nonce>` of the claim. Answer: the fence.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local claim = ARGV[3]
local fence = 'ok:' .. server_identity() .. ':' .. claim
redis.call('SET', EPOCH, claim)
redis.call('SET', FENCE, fence)
return fence
