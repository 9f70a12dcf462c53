-- Entries whose nonce holds no live lease. ARGV: fence, own nonce (never abandoned), the most
-- entries to tell.
-- Answer: {entry ID, entry, ...}.

local fence, own, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
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

local function first_entries(nonce, most)
  local from, to = '[n' .. nonce .. '\0', '(n' .. nonce .. '\1'
  local ids = redis.call('ZRANGEBYLEX', NAMES, from, to, 'LIMIT', 0, most)
  for i, member in ipairs(ids) do
    ids[i] = string.sub(member, #nonce + 3)
  end
  return ids
end

local answer = {}
local nonce = next_nonce('[n')
while nonce and #answer < 2 * limit do
  if not live[nonce] then
    for _, id in ipairs(first_entries(nonce, limit - #answer / 2)) do
      answer[#answer + 1] = id
      answer[#answer + 1] = redis.call('HGET', OUTBOX, id)
    end
  end
  nonce = next_nonce('(n' .. nonce .. '\1')
end
return answer
