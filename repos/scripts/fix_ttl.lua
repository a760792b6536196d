-- Gives a key the deadline that its object asks for, unless the object has changed.
--
-- KEYS  1 object (hash), 2 key; may be the object
-- ARGV  1 version of the object   2 deadline, unix ms, "" for none
-- Returns 1, or 0 when the object has changed
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('PERSIST', KEYS[2])
else
  redis.call('PEXPIREAT', KEYS[2], ARGV[2])
end
return 1
