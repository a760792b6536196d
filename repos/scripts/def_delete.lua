-- Removes a definition and its status.
--
-- KEYS  1 items (hash: name -> JSON)   2 status (hash: name -> JSON)
-- ARGV  1 name
-- Returns 1, or 0 when there was no such item
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
