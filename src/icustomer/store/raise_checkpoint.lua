-- Remember up to where the changelog is known to be here.
-- KEYS beyond the fixed ones: the checkpoint. ARGV: fence, topic ID, then partition and offset of
-- each partition. Answer: 1, or 0 if the checkpoint that stands is of another topic.

local checkpoint = KEYS[FIXED_KEYS + 1]
if not fence_stands(ARGV[1]) then
  return LOST
end
local topic = redis.call('HGET', checkpoint, CHECKPOINT_TOPIC)
if topic and topic ~= ARGV[2] then
  return 0
end
set_checkpoint(checkpoint, 2)
return 1
