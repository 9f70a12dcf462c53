-- Prolong a lease unless another holds the slot by now. ARGV: slot, nonce, lease in milliseconds.

local slot, nonce, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lease = redis.call('HGET', SLOTS, slot)
if lease and holder_of(lease) ~= nonce then
  return 0
end
hold(slot, nonce, lease_ms, now_ms())
return 1
