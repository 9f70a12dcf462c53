-- The groups in which the time of guests runs, by the earliest last act in microseconds; and the
-- record clock.

-- `told`: group ID and last act ('' where nobody waits any more), one after the other.
local function write_waiting(told)
  for i = 1, #told, 2 do
    if told[i + 1] == '' then
      redis.call('ZREM', WAITING, told[i])
    else
      redis.call('ZADD', WAITING, told[i + 1], told[i])
    end
  end
end
