"""A process that follows the benchmark's database with the Python IDL; see subject.ts for what it is asked."""

import gc
import json
import os
import sys
import time

import ovs.db.idl
import ovs.poller

DATABASE = "SHUNT_BENCH"


def answer(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def until(idl, predicate):
    while True:
        idl.run()
        if predicate():
            return
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()


def copy(endpoint, schema):
    started = time.perf_counter()
    helper = ovs.db.idl.SchemaHelper(schema)
    helper.register_all()
    idl = ovs.db.idl.Idl(endpoint, helper)
    until(idl, lambda: idl.has_ever_connected())
    answer({"ms": (time.perf_counter() - started) * 1000, "rows": len(idl.tables["Port"].rows)})
    return idl


def follow(idl, marker):
    before = time.process_time()
    until(idl, lambda: any(row.name == marker for row in idl.tables["Marker"].rows.values()))
    answer({"cpuMs": (time.process_time() - before) * 1000})


def transact(idl, count, uuid):
    took = []
    row = next(r for r in idl.tables["Port"].rows.values() if str(r.uuid) == uuid)
    for n in range(count):
        started = time.perf_counter()
        txn = ovs.db.idl.Transaction(idl)
        row.setkey("external_ids", "bench:n", str(n))
        status = txn.commit_block()
        if status not in (txn.SUCCESS, txn.UNCHANGED):
            raise RuntimeError(status)
        took.append((time.perf_counter() - started) * 1000)
    answer({"tookMs": took})


def main():
    idl = None
    answer({"ready": True, "cJson": ovs.json.PARSER == ovs.json.PARSER_C if hasattr(ovs.json, "PARSER_C") else None})
    for line in sys.stdin:
        word, *args = line.split()
        if word == "copy":
            idl = copy(args[0], os.environ["BENCH_SCHEMA"])
        elif word == "settle":
            gc.collect()
            answer({})
        elif word == "follow":
            follow(idl, args[0])
        elif word == "transact":
            transact(idl, int(args[0]), args[1])


main()
