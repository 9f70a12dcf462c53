-- Lease the lowest free slot, one to be avoided only if no other is free. A nonce holds one slot.
-- ARGV: nonce, lease in milliseconds, number of slots, the slots to avoid.
-- Answer: the slot, -1 if none is free.

local nonce, lease_ms, slots = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local avoided = {}
for i = 4, #ARGV do
  avoided[tonumber(ARGV[i])] = true
end

local now = now_ms()
local free, last_resort, held
for slot = 0, slots - 1 do
  local lease = redis.call('HGET', SLOTS, slot)
  local own = lease and holder_of(lease) == nonce
  held = held or (own and slot)
  if own or not lease or not is_live(lease, now) then
    if avoided[slot] then
      last_resort = last_resort or slot
    elseif not free or (own and is_live(lease, now)) then
      free = slot
    end
  end
end

local chosen = free or last_resort or -1
if held and held ~= chosen then
  redis.call('HDEL', SLOTS, held)
end
if chosen >= 0 then
  hold(chosen, nonce, lease_ms, now)
end
return chosen
