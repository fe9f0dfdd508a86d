-- One store's bucket of points, its two queues and its calls under way. Run by budget.py; returns {milliseconds to wait}.
--
-- KEYS  1 bucket   hash: available, max, rate, at (ms), closed (ms), seq (tickets so far), used (points of calls that are over)
--       2, 3       sorted sets: waiting tickets by number, interactive and background
--       4 tickets  hash: ticket -> "<when it lapses, ms>:<points it wants>"
--       5 flights  hash: ticket -> "<when it counts as lost, ms>:<points it took>:<`used` when it left>"
-- ARGV  1 how long keys live (ms), 2 take | settle | leave, 3 ticket, then what the command wants
local bucket, interactive, background, tickets, flights = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local kept, command, ticket = ARGV[1], ARGV[2], ARGV[3]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function number(name, otherwise)
  return tonumber(redis.call('HGET', bucket, name)) or otherwise
end

-- What the bucket holds now, or nothing where it is not known. A clock that was set back fills no bucket.
local function filled()
  local held = number('available')
  if not held then return nil end
  local passed = math.max(0, now - number('at', now))
  return math.min(number('max', 0), held + passed * number('rate', 0) / 1000)
end

-- Written with all digits: tostring() would keep 14 of them, and a time in milliseconds has 13.
local function write(...)
  local pairs_ = {...}
  for i = 2, #pairs_, 2 do pairs_[i] = string.format('%.3f', pairs_[i]) end
  redis.call('HSET', bucket, unpack(pairs_))
end

local function keep()
  for i = 1, #KEYS do redis.call('PEXPIRE', KEYS[i], kept) end
end

local function forget(queue, name)
  redis.call('ZREM', queue, name)
  redis.call('HDEL', tickets, name)
end

-- Who is first in this queue, and how much they want. The dead are swept from before them.
local function first(queue, life)
  while true do
    local name = redis.call('ZRANGE', queue, 0, 0)[1]
    if not name then return nil, 0 end
    local lapses, wants = string.match(redis.call('HGET', tickets, name) or '', '^(%d+):(%d+)$')
    lapses = tonumber(lapses)
    if lapses and lapses > now and lapses <= now + life then return name, tonumber(wants) end
    forget(queue, name)
  end
end

local function take()
  local class, cost = ARGV[4], tonumber(ARGV[5])
  local reserve, margin = tonumber(ARGV[8]), tonumber(ARGV[9])
  local life, longest, flight = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
  local queue = class == 'interactive' and interactive or background
  local max, rate, held = number('max', tonumber(ARGV[6])), number('rate', tonumber(ARGV[7])), filled()
  -- A bucket that could never hold the margin and the reserve besides must not block for ever.
  local function needed(points, share) return math.min(max, points + rate * margin + max * share) end
  local known = held ~= nil
  if not known then held = needed(cost, reserve) end
  if not redis.call('ZSCORE', queue, ticket) then
    redis.call('ZADD', queue, redis.call('HINCRBY', bucket, 'seq', 1), ticket)
  end
  redis.call('HSET', tickets, ticket, string.format('%d:%d', now + life, cost))
  local before, wanted = first(interactive, life)
  local share = 0
  if not before then
    before, wanted = first(background, life)
    share = class == 'interactive' and 0 or reserve
  end
  -- Shopify asks for an hour at most (http.py); a moment further off is one of before the clock was set back.
  local closed = number('closed', 0)
  if closed - now > 3600000 then closed = 0 end
  local short = needed(wanted, share) - held
  local nap = 0
  if closed > now then
    nap = closed - now
  elseif short > 0 then
    nap = math.ceil(short * 1000 / rate)
  elseif before ~= ticket then
    nap = 25
  end
  if nap > 0 then
    write('available', held, 'max', max, 'rate', rate, 'at', now)
    keep()
    return {math.max(10, math.min(nap, longest))}
  end
  forget(queue, ticket)
  redis.call('HSET', flights, ticket, string.format('%d:%d:%.3f', now + flight, cost, number('used', 0)))
  write('available', known and held - cost or 0, 'max', max, 'rate', rate, 'at', now)
  keep()
  return {0}
end

-- What others have under way, by their own account; calls that were lost no longer count.
local function under_way()
  local points = 0
  local all = redis.call('HGETALL', flights)
  for i = 1, #all, 2 do
    local ends, took = string.match(all[i + 1], '^(%d+):(%d+):')
    if tonumber(ends) > now then points = points + tonumber(took) else redis.call('HDEL', flights, all[i]) end
  end
  return points
end

local function settle()
  local used = tonumber(ARGV[4])
  local max, says, rate, pause = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  local _, took, then_ = string.match(redis.call('HGET', flights, ticket) or '', '^(%d+):(%d+):(.*)$')
  redis.call('HDEL', flights, ticket)
  local held = filled()
  if pause > 0 then write('closed', math.max(number('closed', 0), now + pause)) end
  if held and took then
    used = used or tonumber(took)
    held = held + tonumber(took) - used
    if says then
      -- Shopify's number is from when it answered: it may or may not hold the points of those who are under way, and of
      -- those who came back since this call left. Between the two bounds our own account is the better one.
      local since = number('used', 0) - tonumber(then_)
      held = math.min(says, math.max(held, says - under_way() - since))
      write('max', max, 'rate', rate)
    end
    write('available', math.min(held, number('max', held)), 'at', now, 'used', number('used', 0) + used)
  elseif held and says then
    -- This bucket did not see the call leave (Redis was emptied meanwhile): it may only learn that there is less.
    write('available', math.min(held, says), 'max', max, 'rate', rate, 'at', now)
  end
  keep()
  return {0}
end

if command == 'take' then return take() end
if command == 'settle' then return settle() end
forget(interactive, ticket)
forget(background, ticket)
return {0}
