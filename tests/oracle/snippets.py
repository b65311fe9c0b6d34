def record(tf): return {}
def check(f): return []
def dump(f): return []
