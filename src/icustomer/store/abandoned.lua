-- Entries whose nonce holds no live lease. ARGV: fence, own nonce (never abandoned).
-- Answer: {entry ID, entry, ...}.

local fence, own = ARGV[1], ARGV[2]
if not fence_stands(fence) then
  return LOST
end
local now = now_ms()
local live = { [own] = true }
for _, lease in ipairs(redis.call('HVALS', SLOTS)) do
  if is_live(lease, now) then
    live[holder_of(lease)] = true
  end
end

-- From one nonce to the next: the cost is that of the nonces, not of the entries.
local function next_nonce(after)
  local found = redis.call('ZRANGEBYLEX', NAMES, after, '(o', 'LIMIT', 0, 1)[1]
  return found and string.match(found, '^n([^%z]*)')
end

local answer = {}
local nonce = next_nonce('[n')
while nonce do
  if not live[nonce] then
    for _, id in ipairs(own_entries(nonce)) do
      answer[#answer + 1] = id
      answer[#answer + 1] = redis.call('HGET', OUTBOX, id)
    end
  end
  nonce = next_nonce('(n' .. nonce .. '\1')
end
return answer
