-- Creates the first administrator, if there is none.
--
-- KEYS  1 user (hash), 2 emails (hash: email -> id), 3 ix (lex index), 4 clk (string)
-- ARGV  1 now, unix ms   2 id   3 email, normal   4 role: "admin"
-- Returns {"ok", creation stamp}, {"taken", "id" or "email"}, {"bootstrapped"}
-- USES text stamp user
if redis.call('ZLEXCOUNT', KEYS[3], '[ro admin ', '(ro admin!') > 0 then return {'bootstrapped'} end
return create_user()
