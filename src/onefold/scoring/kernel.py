"""The kernel: one customer's list in some tens of microseconds, compiled by numba.

The same sums as in the levels and in the refinement, written out for one row at a time over a
small table of the items that it touches, so that neither time nor memory goes with the catalogue:

    touched = own items + their neighbours + the first depth + n of the base that are none of these
    list    = the n best of touched

numba is an extra; without it the numpy form in `fitted` gives the same lists, more slowly, and but
for items that are equal within a rounding.
"""

import numba as nb
import numpy as np

DAY = 86_400_000_000.0
FAR = 4.0
NEAR = np.log(0.8)
SMALL, TINY = 0.05, 1e-9  # those of onefold.scoring.refine
DUE = 18  # features of the hazard, in the order of onefold.levels.due
MORE = -1  # a head of the base was too short
LISTS, DENSE, PAIRS = 0, 1, 2  # what is asked for: lists, all items, or some of each row

jit = nb.njit(cache=True, nogil=True, error_model="numpy")


@jit
def _add(board, codes, wide, used, code):
    """The slot of a code, made if it is new, and how many are used.

    The board need not be cleaned: what it says of a code holds if that slot has the code.
    """
    slot = board[code]
    if slot < 0 or slot >= used or codes[slot] != code:
        slot = used
        board[code] = slot
        codes[slot] = code
        for v in range(wide.shape[0]):
            wide[v, slot] = 0.0
        used += 1
    return slot, used


@jit
def _worse(a, code_a, b, code_b):
    return a < b or (a == b and code_a > code_b)


@jit
def _sink(scores, codes, slots, size, at):
    """Restore the heap below a place: the worst is on top."""
    score, code, slot = scores[at], codes[at], slots[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        right = child + 1
        if right < size and _worse(scores[right], codes[right], scores[child], codes[child]):
            child = right
        if not _worse(scores[child], codes[child], score, code):
            break
        scores[at], codes[at], slots[at] = scores[child], codes[child], slots[child]
        at = child
    scores[at], codes[at], slots[at] = score, code, slot


@jit
def _best(most, first, middle, last, score, code, masked, allowed, heap):
    """The `most` best slots of [first, last) as a heap, and how many there are.

    It begins in the middle, where good ones are, so that few are taken that do not stay.
    """
    scores, codes, slots = heap
    size, k, count = 0, 0, last - first
    while k < count and size < most:
        s = middle + k if middle + k < last else middle + k - count
        if score[s] > 0 and (not masked or allowed[code[s]]):
            scores[size], codes[size], slots[size] = score[s], code[s], s
            size += 1
        k += 1
    for at in range(size // 2 - 1, -1, -1):
        _sink(scores, codes, slots, size, at)
    if size == 0:
        return size
    while k < count:
        s = middle + k if middle + k < last else middle + k - count
        better = score[s] >= scores[0] and _worse(scores[0], codes[0], score[s], code[s])
        if better and (not masked or allowed[code[s]]):
            scores[0], codes[0], slots[0] = score[s], code[s], s
            _sink(scores, codes, slots, size, 0)
        k += 1
    return size


@jit
def _individual(cells, own, held, half_life, decay, power):
    """One horizon of the individual, `held` by slot; `cells`: slots, ages and times of a row."""
    slots, ages, times, m = cells
    held[:own] = 0.0
    last, first = times[m - 1], ages[m - 1]
    for k in range(m):
        if half_life > 0:
            weight = np.exp2(max((times[k] - last) / half_life, -1000.0))
        elif ages[k] == first:
            weight = 1.0
        elif decay == 0:
            continue
        else:
            weight = decay ** (ages[k] - first)
        held[slots[k]] += weight
    total = 0.0
    for s in range(own):
        if power != 1.0:
            held[s] = held[s] * held[s] if power == 2.0 else held[s] ** power
        total += held[s]
    if total > 0:
        for s in range(own):
            held[s] /= total


@jit
def _due(cells, codes, own, held, moment, visits, due, stats):
    """The hazard of each own item, as shares, `held` by slot."""
    slots, ages, times, m = cells
    days, gaps, again, share, prior, mean, inverse, weights = due
    stats[:own, :] = 0.0
    for k in range(m):
        s = slots[k]
        since = (moment - times[k]) / DAY
        if stats[s, 0] == 0:
            stats[s, 1], stats[s, 2] = since, ages[k]
        stats[s, 0] += 1.0
        stats[s, 3], stats[s, 4] = since, ages[k]
        stats[s, 5] += np.exp2(-since / 30.0)
        stats[s, 6] += np.exp(NEAR * ages[k])
    total = 0.0
    x = np.empty(DUE)
    for s in range(own):
        i = codes[s]
        count, first, since, ago = stats[s, 0], stats[s, 1], stats[s, 3], stats[s, 4]
        usual = (first - since + prior * days[i]) / (count - 1 + prior)
        rhythm = (stats[s, 2] - ago + prior * gaps[i]) / (count - 1 + prior)
        recent = np.log(since + 0.5)
        late = recent - np.log(usual + 0.5)
        back = np.log(ago + 1)
        over = back - np.log(rhythm + 0.5)
        often = np.log(count)
        x[0], x[1], x[2] = often, recent, back
        x[3], x[4], x[5] = late, max(late, 0.0), late * late
        x[6], x[7], x[8] = over, max(over, 0.0), over * over
        x[9] = again[i]
        x[10] = share[i]
        x[11] = np.log(stats[s, 5] + 1e-3)
        x[12] = np.log(stats[s, 6] + 1e-3)
        x[15] = np.log(max(visits, 1.0))
        x[13] = often - x[15]
        x[14] = 1.0 if count == 1 else 0.0
        x[16] = np.log(first + 1)
        x[17] = 1.0 if ago == 0 else 0.0
        logit = weights[DUE]
        for k in range(DUE):
            logit += weights[k] * min(max((x[k] - mean[k]) * inverse[k], -FAR), FAR)
        held[s] = 1.0 / (1.0 + np.exp(-logit))
        total += held[s]
    if total > 0:
        for s in range(own):
            held[s] /= total


@jit
def emptiness(rows, offsets, item, age, neighbours, generic, out):
    """For each row, bits of what is empty: 0 own cells, then neighbours, then the others."""
    reach, oldest, relative, bounds = neighbours
    for r in range(len(rows)):
        row = rows[r]
        a, b = offsets[row], offsets[row + 1]
        bits = 1 if a == b else 0
        first = age[b - 1] if b > a else 0
        for v in range(len(reach)):
            some = False
            for k in range(b - 1, a - 1, -1):
                i = item[k]
                asked = age[k] - relative[v] * first < oldest[v]
                if asked and bounds[v, i + 1] > bounds[v, i]:
                    some = True
                    break
            if not some:
                bits |= 2 << v
        for g in range(generic.shape[0]):
            if generic[g, row] == generic[g, row + 1]:
                bits |= 2 << (len(reach) + g)
        out[r] = bits


@jit
def _room(rows, choices, neighbours, generic, spare):
    """How many slots a row may need, and how many cells one has, at most."""
    offsets, item, age, _, _, _ = choices
    reach, oldest, relative, bounds = neighbours
    most, longest = 1, 1
    for r in range(len(rows)):
        row = rows[r]
        total = spare + offsets[row + 1] - offsets[row]
        longest = max(longest, offsets[row + 1] - offsets[row])
        first = age[offsets[row + 1] - 1] if offsets[row + 1] > offsets[row] else 0
        for k in range(offsets[row], offsets[row + 1]):
            for v in range(len(reach)):
                if age[k] - relative[v] * first < oldest[v]:
                    total += bounds[v, item[k] + 1] - bounds[v, item[k]]
        for g in range(generic.shape[0]):
            total += generic[g, row + 1] - generic[g, row]
        most = max(most, total)
    return most, longest


@jit
def _factors(slots, size, own, codes, narrow, wide, refined, factor):
    """The refinement's factor of each slot of the head, but for a scale."""
    table, new, had = refined
    single, top = len(narrow), -np.inf
    for k in range(size):
        s = slots[k]
        i = codes[s]
        floor, p0 = table[i, 2], table[i, 3]
        if s < own:
            log = table[i, 1]
            for v in range(single):
                log += had[v] * np.log(narrow[v, s] + SMALL * p0 + TINY)
            for v in range(len(wide)):
                if wide[v, s] > 0:
                    log += had[single + v] * (np.log(wide[v, s] + SMALL * p0 + TINY) - floor)
        else:
            log = table[i, 0]
            for v in range(len(wide)):
                if wide[v, s] > 0:
                    log += new[single + v] * (np.log(wide[v, s] + SMALL * p0 + TINY) - floor)
        factor[s] = log
        top = max(top, log)
    for k in range(size):
        factor[slots[k]] = np.exp(factor[slots[k]] - top)


@jit
def _keep_mass(used, inside, order, mass, score):
    """Scale the factors of a head so that it keeps its mass, in the order of the slots."""
    whole = scaled = 0.0
    for s in range(used):
        if inside[s]:
            whole += mass[s]
            score[s] *= mass[s]
            scaled += score[s]
    ratio = whole / scaled if scaled > 0 else 1.0
    for k in range(len(order)):
        score[order[k]] *= ratio


@jit
def _linked(own, query, bounds, link_item, link_weight, board, codes, wide, held, used):
    """Follow the links of the own items, each asked by `query`; their sum, and how many are used.

    This is where a list's time goes, so `_add` is written out.
    """
    total, levels = 0.0, wide.shape[0]
    for s in range(own):
        asked = query[s]
        if asked > 0:
            i = codes[s]
            for j in range(bounds[i], bounds[i + 1]):
                code = link_item[j]
                slot = board[code]
                if slot < 0 or slot >= used or codes[slot] != code:
                    slot = used
                    board[code] = slot
                    codes[slot] = code
                    if levels == 1:
                        held[slot] = 0.0
                    else:
                        for v in range(levels):
                            wide[v, slot] = 0.0
                    used += 1
                told = asked * link_weight[j]
                held[slot] += told
                total += told
    return total, used


@jit
def _walk(head, most, board, codes, wide, used):
    """Add the first `most` items of a head that were not touched yet; whether it was too short."""
    items, whole = head
    stop = used + most
    for k in range(len(items)):
        if used >= stop:
            break
        _, used = _add(board, codes, wide, used, items[k])
    return used, used < stop and not whole


@jit
def rank_rows(
    rows,
    choices,
    individuals,
    neighbours,
    links,
    due,
    generic,
    entries,
    weights,
    base,
    head,
    allowed,
    allowed_head,
    refined,
    asked,
    pairs,
    board,
    out_codes,
    out_scores,
    out_counts,
):
    """The lists of rows that share one base; see `onefold.scoring.plan` for what is passed.

    A row of which a head was too short gets the count -1: ask again with longer ones.
    """
    offsets, item, age, time, visits, moments = choices
    lives, decays, powers = individuals
    reach, oldest, relative, bounds = neighbours
    link_item, link_weight = links
    entry_item, entry_weight = entries
    n, depth, repeats, own_only, refine, mode = asked
    pair_bounds, pair_item = pairs
    masked, hazard = len(allowed) > 0, len(due[0]) > 0
    if not refine:
        depth = 0
    single = len(lives) + (1 if hazard else 0)
    linked = len(reach)
    most, longest = _room(rows, choices, neighbours, generic, 2 * (depth + n))
    most = min(most, len(base))  # slots are distinct items
    codes = np.empty(most, dtype=np.int32)
    narrow = np.empty((single, longest))
    wide = np.empty((linked + len(generic), most))
    mass, score, inside = np.empty(most), np.empty(most), np.empty(most, dtype=np.bool_)
    slots = np.empty(longest, dtype=np.int32)
    stats, query = np.empty((longest, 7)), np.empty(longest)
    places = max(depth, n, 1)
    heap = (
        np.empty(places),
        np.empty(places, dtype=np.int32),
        np.empty(places, dtype=np.int64),
    )
    order = np.empty(2 * depth + 1, dtype=np.int64)
    empty = np.empty(single + len(wide), dtype=np.bool_)
    for r in range(len(rows)):
        row = rows[r]
        a, b = offsets[row], offsets[row + 1]
        m = b - a
        used = 0
        for k in range(m):
            slots[k], used = _add(board, codes, wide, used, item[a + k])
        own = used
        last = age[b - 1] if m else 0
        empty[:single] = m == 0
        empty[single:] = True
        if m:
            cells = (slots, age[a:b], time[a:b], m)
            for v in range(len(lives)):
                _individual(cells, own, narrow[v], lives[v], decays[v], powers[v])
            if hazard:
                held = narrow[single - 1]
                _due(cells, codes, own, held, moments[row], visits[row], due, stats)
        for v in range(linked):
            query[:own] = 0.0
            for k in range(m):
                since = age[a + k] - relative[v] * last
                if since < oldest[v]:
                    query[slots[k]] += np.exp(-since / reach[v])
            total, used = _linked(
                own, query, bounds[v], link_item, link_weight, board, codes, wide, wide[v], used
            )
            if total > 0:
                empty[single + v] = False
                for s in range(used):
                    wide[v, s] /= total
        for g in range(len(generic)):
            for j in range(generic[g, row], generic[g, row + 1]):
                t, used = _add(board, codes, wide, used, entry_item[j])
                wide[linked + g, t] += entry_weight[j]
                empty[single + linked + g] = False
        short = False
        touched = used
        if refine or not own_only:
            fresh = depth if own_only else depth + n
            used, short = _walk(head, fresh, board, codes, wide, used)
            if masked and not own_only:
                used, few = _walk(allowed_head, n, board, codes, wide, used)
                short = short or few
        if short:
            out_counts[row] = MORE
            continue
        for s in range(used):
            mass[s] = base[codes[s]]
        for v in range(single):
            for s in range(own):
                mass[s] += weights[v] * narrow[v, s]
        for v in range(len(wide)):
            for s in range(touched):
                mass[s] += weights[single + v] * wide[v, s]
        score[:used] = mass[:used]
        if refine:
            count = _best(depth, 0, 0, own, mass, codes, False, allowed, heap)
            order[:count] = heap[2][:count]
            more = _best(depth, own, touched, used, mass, codes, False, allowed, heap)
            order[count : count + more] = heap[2][:more]
            count += more
            _factors(order, count, own, codes, narrow, wide, refined, score)
            inside[:used] = False
            for k in range(count):
                inside[order[k]] = True
            _keep_mass(used, inside, order[:count], mass, score)
        if mode == DENSE:
            out_scores[row] = base
            for s in range(used):
                out_scores[row, codes[s]] = score[s]
        elif mode == PAIRS:
            for j in range(pair_bounds[row], pair_bounds[row + 1]):
                slot = board[pair_item[j]]
                known = 0 <= slot < used and codes[slot] == pair_item[j]
                out_scores[0, j] = score[slot] if known else base[pair_item[j]]
        if mode != LISTS:
            out_counts[row] = 0
            continue
        first = 0 if repeats or own_only else own
        last = own if own_only else used
        count = _best(n, first, first, last, score, codes, masked, allowed, heap)
        for k in range(count - 1, -1, -1):  # the worst is on top
            out_codes[row, k], out_scores[row, k] = heap[1][0], heap[0][0]
            heap[0][0], heap[1][0], heap[2][0] = heap[0][k], heap[1][k], heap[2][k]
            _sink(heap[0], heap[1], heap[2], k, 0)
        out_counts[row] = count
