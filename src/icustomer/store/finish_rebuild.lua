-- Write epoch, checkpoint and fence, while the rebuild is one's own; its notes go.
-- KEYS beyond the fixed ones: the checkpoint, the notes. ARGV: nonce, lease in milliseconds,
-- `<number>:<nonce>` of the claim, topic ID, then partition and offset of each partition.
-- Answer: the fence.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
local claim = ARGV[3]
local fence = 'ok:' .. server_identity() .. ':' .. claim
redis.call('UNLINK', KEYS[FIXED_KEYS + 2])
set_checkpoint(KEYS[FIXED_KEYS + 1], 4)
redis.call('SET', EPOCH, claim)
redis.call('SET', FENCE, fence)
return fence
