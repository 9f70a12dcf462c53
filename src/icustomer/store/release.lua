-- Give a slot back, if it is still one's own. ARGV: slot, nonce.

local slot, nonce = ARGV[1], ARGV[2]
local lease = redis.call('HGET', SLOTS, slot)
if lease and holder_of(lease) == nonce then
  redis.call('HDEL', SLOTS, slot)
end
return 1
