-- The groups in which the time of guests runs, by the earliest last act in microseconds; and the
-- record clock. They are told behind one another in one argument: 16 bytes group ID, 16 digits last
-- act, zeros where nobody waits any more.

local TOLD_BYTES = 32
local NOBODY = string.rep('0', 16)

local function write_waiting(told, first, count)
  for i = first, first + count - 1 do
    local group_id = string.sub(told, TOLD_BYTES * i + 1, TOLD_BYTES * i + 16)
    local since = string.sub(told, TOLD_BYTES * i + 17, TOLD_BYTES * i + 32)
    if since == NOBODY then
      redis.call('ZREM', WAITING, group_id)
    else
      redis.call('ZADD', WAITING, since, group_id)
    end
  end
end
