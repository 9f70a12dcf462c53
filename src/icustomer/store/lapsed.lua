-- Leases that ran out and that nobody has taken over. Answer: {slot, nonce, ...}.

local now = now_ms()
local answer = {}
local leases = redis.call('HGETALL', SLOTS)
for i = 1, #leases, 2 do
  if not is_live(leases[i + 1], now) then
    answer[#answer + 1] = leases[i]
    answer[#answer + 1] = holder_of(leases[i + 1])
  end
end
return answer
