-- Read the fence, links and aliases. Keys beyond the fixed ones: the bucket of each link, then of
-- each alias. ARGV: number of links, their digests, fields of the aliases.
-- Answer: {fence, link or nothing, ..., alias or nothing, ...}.

local links, digests, fields = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local answer = { redis.call('GET', FENCE) }
for i = 1, links do
  answer[i + 1] = redis.call('HGET', KEYS[FIXED_KEYS + i], link_field(digests, i))
end
local before = FIXED_KEYS + links
for i = 1, #KEYS - before do
  answer[links + 1 + i] = redis.call('HGET', KEYS[before + i], alias_field(fields, i))
end
return answer
