-- Head of every script: the space's own keys, the fence, and the small things all share.
-- A script declares every key it touches; those beyond the fixed ones are told by position.

local FENCE, OUTBOX, NAMES, SLOTS, EPOCH, TIMES, WAITING, CLOCK = unpack(KEYS, 1, 8)
local FIXED_KEYS = 8
-- The adapter knows this word and makes the error of it.
local LOST = redis.error_reply('LOST the fence does not stand here')

-- As the executing server itself tells it: a fence in a copy of the data names another one.
local function server_identity()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  return run .. '.' .. history
end

local function starts_with(text, head)
  return string.sub(text, 1, #head) == head
end

local function names_this_server(fence)
  return starts_with(fence, 'ok:' .. server_identity() .. ':')
end

local function fence_stands(fence)
  return redis.call('GET', FENCE) == fence and names_this_server(fence)
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function pending_fence(nonce)
  return 'pending:' .. server_identity() .. ':' .. nonce
end

-- Whether the rebuild is one's own; if so, its lease starts anew.
local function rebuild_is_ours(nonce, lease_ms)
  if redis.call('GET', FENCE) ~= pending_fence(nonce) then
    return false
  end
  redis.call('PEXPIRE', FENCE, lease_ms)
  return true
end

-- Digits only, whatever way the server writes numbers that scripts pass to it.
local function now_text()
  return string.format('%.0f', now_ms())
end

-- Lua passes at most some 8,000 values to one call.
local CHUNK = 2000

local function chunk_from(values, first)
  return unpack(values, first, math.min(first + CHUNK - 1, #values))
end

local function in_chunks(command, key, values)
  for first = 1, #values, CHUNK do
    redis.call(command, key, chunk_from(values, first))
  end
end
