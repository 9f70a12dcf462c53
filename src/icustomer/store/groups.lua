-- Groups as scripts see them: a value that starts with its version, 16 digits. Where versions are
-- told, they stand behind one another in one argument, zeros for none.

local VERSION_DIGITS = 16
local GROUP_ID_BYTES = 16
local NO_VERSION = string.rep('0', VERSION_DIGITS)

local function standing_version(key)
  local version = redis.call('GETRANGE', key, '0', '15')
  return version == '' and NO_VERSION or version
end

local function version_told(versions, i)
  return string.sub(versions, VERSION_DIGITS * (i - 1) + 1, VERSION_DIGITS * i)
end

local function is_known(key, version)
  return version ~= NO_VERSION and standing_version(key) == version
end

-- The name of a group in the outbox.
local function group_name(key)
  return 'g' .. string.sub(key, -GROUP_ID_BYTES)
end
