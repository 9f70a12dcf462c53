-- The checkpoint: a hash of partition to offset, and the ID of the topic and when it was raised, in
-- milliseconds, beside them.

local CHECKPOINT_TOPIC, CHECKPOINT_RAISED_AT = 'topic', 'raised-at'

-- ARGV from `first` on: topic ID, then partition and offset of each partition.
local function set_checkpoint(key, first)
  redis.call('DEL', key)
  redis.call('HSET', key, CHECKPOINT_TOPIC, ARGV[first], CHECKPOINT_RAISED_AT, now_text())
  for i = first + 1, #ARGV, 2 do
    redis.call('HSET', key, ARGV[i], ARGV[i + 1])
  end
end
