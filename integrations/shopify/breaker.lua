-- The breaker of one store, and the one of all stores. Run by breaker.py; returns {milliseconds that it stays shut, probe?}.
--
-- KEYS  1 the store's breaker, 2 that of all: hashes of failures, opens (how often it opened in a row), until (ms, when the
--         next probe may go), probe (ms, until when one is under way)
--       3, 4 sorted sets: stores that failed, and stores that answered, by when (ms)
-- ARGV  1 enter | answered | failed | unknown, 2 store ("" where the call is of none), then what the command wants
local one, all, failing, working = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local command, store = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local breakers = store == '' and {all} or {one, all}

local function number(key, name) return tonumber(redis.call('HGET', key, name)) or 0 end
-- Nobody is kept out for more than an hour: a moment further off is one of before the server's clock was set back.
local function moment(key, name)
  local at = number(key, name)
  return at - now > 3600000 and now or at
end
local function write(key, name, value) redis.call('HSET', key, name, string.format('%d', value)) end

-- How long this one stays shut, and whether it is half open: then a single probe may go.
local function standing(key)
  local opens = moment(key, 'until')
  if opens == 0 then return 0, false end
  local shut = math.max(opens, moment(key, 'probe')) - now
  return math.max(0, shut), true
end

local function enter()
  local lease, probing = tonumber(ARGV[3]), 0
  for _, key in ipairs(breakers) do
    local shut = standing(key)
    if shut > 0 then return {shut, 0} end
  end
  -- Both are passed, or neither is touched.
  for _, key in ipairs(breakers) do
    local _, half = standing(key)
    if half then
      write(key, 'probe', now + lease)
      probing = 1
    end
  end
  return {0, probing}
end

local function open(key, length, longest, kept)
  local again = number(key, 'opens')
  -- Twice as long each time, for as long as no probe comes back well.
  local shut = math.min(length * 2 ^ again, math.max(length, longest))
  write(key, 'opens', again + 1)
  write(key, 'until', now + shut)
  redis.call('HDEL', key, 'probe', 'failures')
  redis.call('PEXPIRE', key, shut + kept)
end

local function answered()
  for _, key in ipairs(breakers) do redis.call('DEL', key) end
  if store ~= '' then
    redis.call('ZREM', failing, store)
    redis.call('ZADD', working, now, store)
    redis.call('PEXPIRE', working, tonumber(ARGV[3]))
  end
  return {0, 0}
end

-- A call that left before the breaker opened may fail after it; only a probe that fails opens it anew.
local function standing_open(key) return moment(key, 'until') > now end

local function failed()
  local window, most, length, longest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
  local stores, at_once = tonumber(ARGV[7]), tonumber(ARGV[8])
  local kept = window * 5
  if store ~= '' then
    redis.call('ZADD', failing, now, store)
    redis.call('ZREM', working, store)
    redis.call('PEXPIRE', failing, window)
    local half = number(one, 'until') > 0
    if at_once > 0 then
      open(one, at_once, longest, kept)
    elseif not standing_open(one) then
      redis.call('HINCRBY', one, 'failures', 1)
      redis.call('PEXPIRE', one, kept)
      if half or number(one, 'failures') >= most then open(one, length, longest, kept) end
    end
  end
  redis.call('ZREMRANGEBYSCORE', failing, '-inf', now - window)
  redis.call('ZREMRANGEBYSCORE', working, '-inf', now - window)
  local broken, well = redis.call('ZCARD', failing), redis.call('ZCARD', working)
  local many = broken >= stores and broken >= well
  if not standing_open(all) and (number(all, 'until') > 0 or many) then open(all, length, longest, kept) end
  return {0, 0}
end

if command == 'enter' then return enter() end
if command == 'answered' then return answered() end
if command == 'failed' then return failed() end
-- The call said nothing about the other side: the next one may be the probe.
for _, key in ipairs(breakers) do redis.call('HDEL', key, 'probe') end
return {0, 0}
