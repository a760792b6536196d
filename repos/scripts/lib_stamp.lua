-- The next creation stamp of a tag, unix ms: strictly above the last, also within one
-- millisecond and after the clock stepped back.
local function next_stamp(clk, now)
  local stamp = math.max(tonumber(now), tonumber(redis.call('GET', clk) or '0') + 1)
  redis.call('SET', clk, int(stamp))
  return stamp
end
