-- One step of a search for the space's keys, while the rebuild is one's own. It looks through the
-- whole server, so it is for rebuilds alone.
-- ARGV: nonce, lease in milliseconds, cursor, pattern, keys to look at. Answer: {cursor, keys}.

if not rebuild_is_ours(ARGV[1], ARGV[2]) then
  return LOST
end
return redis.call('SCAN', ARGV[3], 'MATCH', ARGV[4], 'COUNT', ARGV[5])
