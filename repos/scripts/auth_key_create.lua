-- Creates an API key of a user.
--
-- KEYS  1 key (hash), 2 user (hash), 3 fps (hash: hex fingerprint -> id), 4 ix (lex index),
--       5 clk (string)
-- ARGV  1 now, unix ms   2 id   3 user id   4 hash   5 hex fingerprint   6 prefix
--       7 last used, unix ms, or ""
-- Returns {"ok", creation stamp}, {"missing"}, {"taken", "id" or "fingerprint"}
-- USES text stamp
if redis.call('EXISTS', KEYS[2]) == 0 then return {'missing'} end
if redis.call('EXISTS', KEYS[1]) == 1 then return {'taken', 'id'} end
if redis.call('HEXISTS', KEYS[3], ARGV[5]) == 1 then return {'taken', 'fingerprint'} end
local stamp = next_stamp(KEYS[5], ARGV[1])
redis.call('HSET', KEYS[1], 'f', '1', 'v', '1', 'c', int(stamp), 'user_id', ARGV[3],
  'hash', ARGV[4], 'fp', ARGV[5], 'prefix', ARGV[6])
if ARGV[7] ~= '' then redis.call('HSET', KEYS[1], 'last_used', ARGV[7]) end
redis.call('HSET', KEYS[3], ARGV[5], ARGV[2])
redis.call('ZADD', KEYS[4], 0,
  'ku ' .. escape(ARGV[3]) .. ' ' .. pad16(stamp) .. ' ' .. escape(ARGV[2]))
return {'ok', int(stamp)}
