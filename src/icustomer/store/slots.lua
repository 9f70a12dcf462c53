-- The leases: slot to end of the lease (milliseconds, 16 digits), a colon, and the nonce.

local DEADLINE_DIGITS = 16

local function holder_of(lease)
  return string.sub(lease, DEADLINE_DIGITS + 2)
end

local function is_live(lease, now)
  return tonumber(string.sub(lease, 1, DEADLINE_DIGITS)) > now
end

local function hold(slot, nonce, lease_ms, now)
  redis.call('HSET', SLOTS, slot, string.format('%016.0f:%s', now + lease_ms, nonce))
end
