"""How claims by the million are coded, clustered and compared: time and memory, into `scale.csv`.

`python benchmarks/scale.py` measures all of `RUNS`, or those named, as in "1000000 1" (claims,
workers), "encoder 20000 2" (the same by the encoder; each process has its share of the claims) or
"bertopic 10000" (claims); their rows are replaced. With `frames` alone it measures the coders of
frames, into `scale_frames.csv`. Claims are made of the repository's own: the first half of one and
the second half of another, so that all are distinct, and as long as claims are.
"""

import os
import platform
import resource
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
from speed import measured

from defection_framing import corpus
from defection_framing.own import coding, model_card, wording
from defection_framing.settings import ROOT, SEED

HERE = Path(__file__).parent
RUNS = ["10000 1", "10000 2", "100000 1", "100000 2", "1000000 1", "1000000 2"]
RUNS += ["encoder 20000 1", "encoder 20000 2", "bertopic 10000", "bertopic 50000"]

COLUMNS = ["what", "claims", "workers", "read_s", "code_s", "cluster_s", "join_s", "compare_s"]
COLUMNS += ["seconds", "processor_s", "peak_gb", "load_before", "version", "python", "machine"]

ENCODER = """
import sys
from pathlib import Path
import dask, numpy as np, pandas as pd
from defection_framing import settings
from defection_framing.own import scale
scale.english = lambda texts: np.zeros(len(texts), bool)
table, k, of = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
own = table.with_name(f"{k}.parquet")
settings.cache_dir = lambda: table.with_name("cache")
pd.read_parquet(table).iloc[k::of].to_parquet(own)
with dask.config.set(scheduler="synchronous"):
    scale.scale(own, table.with_name(f"out-{k}"))
"""
# As if no sentence were English, so all are read by the encoder; and as if none was ever read.

BERTOPIC = """
import sys
import pandas as pd
from bertopic import BERTopic
from defection_framing.text import embed
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(str(embed._folder(embed.DEFAULT_MODEL)), device="cpu")
BERTopic(embedding_model=model).fit_transform(list(pd.read_parquet(sys.argv[1])["text"]))
"""
# Its defaults, with the sentence model that it would fetch taken from the package here.


def made(n: int) -> pd.DataFrame:
    """Make n distinct claims of halves of the repository's, on at least one event to 120."""
    table = corpus.load(ROOT / "data").claim_table()
    table = table[["text", "event", "direction", "camp"]].astype(str)
    words = table["text"].str.split()
    first = words.map(lambda w: " ".join(w[: len(w) // 2])).to_numpy()
    second = words.map(lambda w: " ".join(w[len(w) // 2 :])).to_numpy()
    rng = np.random.default_rng(SEED)
    one, other = rng.integers(len(table), size=(2, n + n // 5))
    out = table.iloc[one].reset_index(drop=True)
    out["text"] = first[one] + " " + second[other]
    out = out.drop_duplicates("text").head(n).reset_index(drop=True)
    assert len(out) == n
    out["event"] += "-" + (out.index % max(1, n // 50_000)).astype(str)
    return out


def steps(out: Path, start: float) -> dict[str, float]:
    """Seconds of each step of `scale`, by the times at which its files were written."""
    last = {"read": out / "claims", "code": out / "sentences", "join": out / "coded"}
    ends = {step: max(p.stat().st_mtime for p in at.iterdir()) for step, at in last.items()}
    ends["cluster"] = min(path.stat().st_mtime for path in (out / "coded").iterdir())
    ends["compare"] = (out / "tellings.csv").stat().st_mtime
    order = ["read", "code", "cluster", "join", "compare"]
    times = [start, *(ends[step] for step in order)]
    return {step: b - a for step, a, b in zip(order, times[:-1], times[1:], strict=True)}


def measure(run: str) -> dict:
    """Measure one of `RUNS`: seconds, of processors too, and peak memory of all processes in GB."""
    what, *sizes = run.split() if run[0].isalpha() else ["scale", *run.split()]
    n, workers = int(sizes[0]), int((sizes + ["1"])[1])
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        table, out = Path(folder) / "claims.parquet", Path(folder) / "out"
        made(n).to_parquet(table)
        command = [sys.executable, "-W", "ignore"]
        if what == "scale":
            command += ["-m", "defection_framing", "scale", table, "--out", out]
            command += ["--workers", workers]
        elif what == "bertopic":
            command += ["-c", BERTOPIC, table]
        else:
            own = [sys.executable, "-c", f"'{ENCODER}'", str(table)]
            both = " & ".join(" ".join([*own, str(k), str(workers)]) for k in range(workers))
            command = ["sh", "-c", f"{both} & wait"]
        start, before = time.time(), resource.getrusage(resource.RUSAGE_CHILDREN)
        load = os.getloadavg()[0]
        seconds, peak = measured(command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        row = {"what": what, "claims": n, "workers": workers}
        if what == "scale":
            row |= {f"{step}_s": round(s, 1) for step, s in steps(out, start).items()}
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return row | {
        "seconds": round(seconds, 1),
        "processor_s": round(spent, 1),
        "peak_gb": round(peak, 2),
        "load_before": round(load, 1),
        "version": metadata.version("defection-framing"),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def frames() -> pd.DataFrame:
    """Measure the coder of words by cross-validation, no event in training and test."""
    loaded = corpus.load(ROOT / "data")
    claims = loaded.claim_table()
    folds = model_card._folds(claims["frame"], claims["event"])
    true = claims["frame"].to_numpy("U")
    classes, p = np.unique(true), np.zeros((len(true), len(np.unique(true))))
    for train, test in folds:
        model = wording.fit(claims["text"].iloc[train], true[train])
        p[np.ix_(test, np.searchsorted(classes, model.classes_))] = model.predict_proba(
            claims["text"].iloc[test]
        )
    scores = model_card._scores(classes, p, true, coding.OPEN_BELOW["frame"])
    rows = {"words and letters (wording)": scores}
    return pd.DataFrame(rows).T.astype({"n": int}).rename_axis("coder")


def _show(table: pd.DataFrame) -> None:
    """Write the table into the README."""
    shown = table[COLUMNS[:-3]].astype(object).where(table.notna(), "")
    rows = [shown.columns, ["---"] * shown.shape[1], *shown.to_numpy()]
    text = "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)
    readme, mark, end = HERE / "README.md", "<!-- scale -->\n", "<!-- end of scale -->"
    before, rest = readme.read_text(encoding="utf-8").split(mark)
    after = rest.split(end)[1]
    readme.write_text(f"{before}{mark}{text}{end}{after}", encoding="utf-8")


def main(runs: list[str]) -> None:
    """Measure and write the tables."""
    if runs == ["frames"]:
        frames().round(3).to_csv(HERE / "scale_frames.csv", lineterminator="\n")
        return
    file, key = HERE / "scale.csv", ["what", "claims", "workers"]
    for run in runs or RUNS:
        row = pd.DataFrame([measure(run)])
        table = pd.concat([pd.read_csv(file), row]) if file.exists() else row
        table = table.drop_duplicates(key, keep="last").reindex(columns=COLUMNS)
        table = table.sort_values(key, ascending=[False, True, True])
        table.to_csv(file, index=False, lineterminator="\n")
        _show(table)


if __name__ == "__main__":
    main(sys.argv[1:])
