-- Creates a user.
--
-- KEYS  1 user (hash), 2 emails (hash: email -> id), 3 ix (lex index), 4 clk (string)
-- ARGV  1 now, unix ms   2 id   3 email, normal   4 role
-- Returns {"ok", creation stamp}, {"taken", "id" or "email"}
-- USES text stamp user
return create_user()
