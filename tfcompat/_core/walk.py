"""The reverse walk over what a tape has recorded."""

from tfcompat._core.cells import cell_of
from tfcompat._core.entries import add_cotangents, gid_of, pull_back, pull_stack
from tfcompat._core.op import T, op


@op("OnesLike", grad=None, static=False)
def ones_like(x: T):
    import jax.numpy as jnp

    return jnp.ones_like(x)


def walk(entries, watched, targets, sources, seeds, stacked, consume):
    """The reverse walk.

    Args:
      entries: what was recorded, in order; emptied on the way where `consume` is true.
      watched: gids that the tape follows.
      seeds: the cotangents of `targets`; None stands for ones.
      stacked: whether cotangents have one more dimension in front.

    Returns:
      The cotangents of `sources`, None where `targets` do not depend on them.
    """
    cotangents = {}
    wanted = {identity_of(s) for s in sources}
    for t, seed in zip(targets, seeds, strict=True):
        gid = identity_of(t)
        if gid in watched or gid in wanted:
            if seed is None:
                seed = ones_like(tensor_of(t))
            old = cotangents.get(gid)
            cotangents[gid] = seed if old is None else add_cotangents(old, seed)
    known = watched.union(cotangents)
    get = cotangents.get
    pull = pull_stack if stacked else pull_back
    for position in range(len(entries) - 1, -1, -1):
        entry = entries.pop() if consume else entries[position]
        out_gids = entry[2]
        if len(out_gids) == 1:
            (gid,) = out_gids
            found = (get(gid),)
            if found[0] is None:
                continue
            if gid not in wanted:
                del cotangents[gid]
        else:
            found = [get(gid) for gid in out_gids]
            if not any([c is not None for c in found]):
                continue
            for gid in out_gids:
                if gid not in wanted:
                    cotangents.pop(gid, None)
        for gid, cotangent in zip(*pull(entry, found), strict=True):
            if gid and cotangent is not None:
                old = get(gid)
                cotangents[gid] = cotangent if old is None else add_cotangents(old, cotangent)
    return [get(g) if (g := identity_of(s)) in known else None for s in sources]


def tensor_of(value):
    """The tensor that a source or target stands for."""
    cell = cell_of(value)
    return cell._tensor if cell is not None else value


def identity_of(value):
    """The gid of a source or target: a tensor's own, or a variable's."""
    cell = cell_of(value)
    return cell.gid if cell is not None else gid_of(value)
