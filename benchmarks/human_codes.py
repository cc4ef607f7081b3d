"""Pool codes that people gave, as the study pools a language model's: `python human_codes.py`.

Writes `human_codes.csv` and what the README says of it. The people's codes, and where they come
from, are in the folder `human_codes`.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.stats

from defection_framing import stats
from defection_framing.people import given as people
from defection_framing.people.sheets import Field
from defection_framing.settings import SEED

HERE = Path(__file__).parent
FRAMES = {
    "CO": (2, ["co1", "co2", "co3"]),
    "EC": (2, ["ec1", "ec2", "ec3"]),
    "HI": (2, ["hi1", "hi2", "hi5"]),
    "MO": (1, ["mo1", "mo2"]),
    "RE": (2, ["re2", "re6"]),
}
"""How many of which questions a person answers with yes who sees the frame."""

CLASSES = "left_bias", "right_bias"
"""Classes of outlets whose shares are compared: the first minus the second."""

STAND_INS = "majority", "always the same", "drawn"
"""What is tried in place of a model."""

DRAWS = 1000


def load() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Votes with columns for questions and frames, by article and coder; articles."""
    votes = pd.read_csv(HERE / "human_codes/votes.csv", index_col=["article", "coder"])
    for frame, (least, questions) in FRAMES.items():
        votes[frame] = (votes[questions].sum(axis=1) >= least).astype(int)
    return votes, pd.read_csv(HERE / "human_codes/articles.csv", index_col="article")


def agreement(given: np.ndarray) -> dict[str, float]:
    """Krippendorff's alpha of all people."""
    people = pd.DataFrame(given).where(given >= 0)
    alpha = stats.alpha(people, pd.Series(people.index), draws=DRAWS)
    return {"value": alpha["alpha"], "low": alpha["low"], "high": alpha["high"]}


def left_out(given: np.ndarray, aggregated: np.ndarray | None) -> dict[str, dict[str, float]]:
    """Accuracy of one and of two people's codes against a third's, in articles that three coded.

    Each of the three is left out in turn: the first of every article, the second, the third. Also
    against the aggregated code, where there is one.
    """
    three = np.flatnonzero((given >= 0).sum(1) == 3)
    people = np.argsort(given[three] < 0, axis=1, kind="stable")[:, :3]
    at = np.arange(len(three))
    right, whole = {}, {}
    for out in range(3):
        kept = given.copy()
        kept[three, people[:, out]] = -1
        coded = stats.Coded(kept, 2)
        two = {
            "majority": stats.majority(coded)[three],
            "pooled": stats.pool(coded).posterior[three].argmax(1),
        }
        truth = given[three, people[:, out]]
        ones = [given[three, people[at, k]] for k in range(3) if k != out]
        targets = [(right, truth)] + (
            [(whole, aggregated[three])] if aggregated is not None else []
        )
        for target, answer in targets:
            known = ~np.isnan(answer)
            for name, code in two.items():
                target.setdefault(name, []).append((code == answer)[known])
            target.setdefault("one", []).append(
                np.mean([(one == answer)[known] for one in ones], axis=0)
            )
    rows = {}
    for name, target in (("third person", right), ("aggregated, of three", whole)):
        hits = {who: pd.Series(np.mean(values, axis=0)) for who, values in target.items()}
        if hits:
            hits["gain"] = hits["pooled"] - hits["one"]
        rows |= {f"accuracy, {name}: {who}": _mean(h) for who, h in hits.items()}
    return rows


def _mean(values: pd.Series) -> dict[str, float]:
    """Mean with its t-interval."""
    low, high = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    return {"value": values.mean(), "low": low, "high": high}


def contrasts(
    given: np.ndarray, articles: pd.DataFrame, aggregated: np.ndarray | None
) -> dict[str, dict[str, float]]:
    """Difference of two classes in the share of yes, from one person's codes to all people's.

    Intervals: outlets redrawn within their class, coders fitted again, codes drawn (Dawid-Skene).
    """
    rng = np.random.default_rng(SEED)
    coded = stats.Coded(given, 2)
    whole = stats.pool(coded)
    first = given[np.arange(len(given)), (given >= 0).argmax(1)]
    fixed = {"one": first, "majority": stats.majority(coded), "mode": whole.posterior.argmax(1)}
    if aggregated is not None:
        fixed["aggregated"] = aggregated
    cells = [(articles["class"] == name).to_numpy() for name in CLASSES]
    outlet, names = pd.factorize(articles["outlet"])
    within = [np.unique(outlet[cell]) for cell in cells]

    def difference(code: np.ndarray, weights: np.ndarray) -> float:
        weights = weights * ~np.isnan(code)
        shares = [np.nansum(code[c] * weights[c]) / weights[c].sum() for c in cells]
        return 100 * (shares[0] - shares[1])

    once = np.ones(len(given))
    values = {name: difference(code, once) for name, code in fixed.items()}
    values["pooled"] = difference(whole.posterior[:, 1], once)
    draws = {name: [] for name in values}
    others = np.flatnonzero(~np.isin(np.arange(len(names)), np.concatenate(within)))
    for _ in range(DRAWS):
        times = np.zeros(len(names))
        for group in (*within, others):  # the other classes tell of the coders too
            times += np.bincount(rng.choice(group, len(group)), minlength=len(names))
        weights = times[outlet]
        drawn = stats.draw(stats.pool(coded, weights, whole), rng)
        for name, code in (fixed | {"pooled": drawn}).items():
            draws[name].append(difference(code, weights))
    rows = {}
    for name, value in values.items():
        low, high = np.percentile(draws[name], [2.5, 97.5])
        rows[f"contrast: {name}"] = {"value": value, "low": low, "high": high}
    return rows


def stand_ins(votes: pd.Series) -> dict[str, dict[str, float]]:
    """The alternative annotator test on votes that go through the files of the coding page.

    No model coded these articles. Three stand-ins have known answers: the majority of the people
    that are in the data (it has seen their votes, and must pass), one answer always, and answers
    drawn with the share of yes. Of each the winning rate and the average advantage.
    """
    answers, rng = votes.map({1: "yes", 0: "no"}), np.random.default_rng(SEED)
    name, ids = votes.name, votes.index.unique("article").astype(str)
    with tempfile.TemporaryDirectory() as folder:
        for coder, own in answers.groupby("coder"):
            lines = [f"{coder},article,{key[0]},{name},{said}\n" for key, said in own.items()]
            path = Path(folder) / f"codes-{coder}.csv"
            path.write_text(",".join(people.HEADER) + "\n" + "".join(lines), encoding="utf-8")
        fields = {"article": [Field(name, ("yes", "no"))]}
        read = people.read_files(Path(folder), {"article": ids}, fields)
    given = read.pivot(index="id", columns="coder", values="value").reindex(ids)
    given = given.astype(object).where(given.notna(), None)
    yes = (given == "yes").sum(axis=1) / given.notna().sum(axis=1)
    share = votes.mean()
    models = (
        np.where(yes == 0.5, share > 0.5, yes > 0.5),
        np.full(len(ids), share > 0.5),
        rng.random(len(ids)) < share,
    )
    rows = {}
    for who, said in zip(STAND_INS, models, strict=True):
        codes = pd.Series(np.where(said, "yes", "no"), ids, dtype=object)
        test = stats.alternative_annotator(given, codes, pd.Series(ids, ids))
        rows[f"stand-in, {who}: wins"] = {"value": test["wins"].mean()}
        rows[f"stand-in, {who}: advantage"] = {"value": test["model"].mean()}
    return rows


def measure(code: str) -> pd.DataFrame:
    """All rows of one question or frame."""
    votes, articles = load()
    given = votes[code].unstack("coder").reindex(articles.index).fillna(-1).to_numpy(int)
    aggregated = articles[code].to_numpy(float) if code in FRAMES else None
    rows = {"share of yes": {"value": votes[code].mean()}, "alpha": agreement(given)}
    rows |= left_out(given, aggregated) | contrasts(given, articles, aggregated)
    rows |= stand_ins(votes[code])
    table = pd.DataFrame(rows).T[["value", "low", "high"]].round(4) + 0.0  # no -0
    return table.rename_axis("measure").assign(code=code).reset_index()


def words(table: pd.DataFrame) -> str:
    """What the README says of the table: a row a frame, then all codes together."""
    table = table.assign(length=table["high"] - table["low"])
    value, low, high, length = (
        table.pivot(index="code", columns="measure", values=name)
        for name in ("value", "low", "high", "length")
    )
    frames = list(FRAMES)
    how = ["one", "majority", "mode", "pooled", "aggregated"]
    columns = [f"contrast: {name}" for name in how]
    contrast, ends = value.loc[frames, columns], (low.loc[frames, columns], high[columns])
    off = contrast.sub(contrast.iloc[:, -1], axis=0).abs().mean().set_axis(how)
    long = length.loc[frames, columns].mean().set_axis(how)
    third = 100 * value[[f"accuracy, third person: {who}" for who in how[:2] + how[3:4]]]
    one, majority, pooled = third.mean()
    gain = "accuracy, third person: gain"
    lines = [
        "| frame | alpha | one | majority | pooled | contrast: one | majority | mode | pooled "
        "| aggregated |",
        "| --- " * 10 + "|",
    ]
    for frame in frames:
        cells = [frame, f"{value.loc[frame, 'alpha']:.2f}", *third.loc[frame].map("{:.0f}".format)]
        for name in columns:
            bounds = [f"{end.loc[frame, name]:.0f}" for end in ends]
            cells.append(f"{contrast.loc[frame, name]:+.0f} [{', '.join(bounds)}]")
        lines.append(f"| {' | '.join(cells)} |")
    alpha = value["alpha"]
    people = f"""
People agree little: alpha is {alpha.min():.2f} to {alpha.max():.2f}, {alpha.mean():.2f} in the mean
of {len(alpha)} questions and frames; it reaches {stats.TENTATIVE} in
{(alpha >= stats.TENTATIVE).sum()} of them. One person agrees with a third in {one:.1f}% of
articles, two pooled in {pooled:.1f}%: more in {(value[gain] > 0).sum()} of {len(alpha)}, with an
interval above zero in {(low[gain] > 0).sum()}. So does the majority of two, whose ties go to the
pooled code ({majority:.1f}%). **Against the majority pooling gains nothing here**; against one
person it gains where two disagree.
"""
    contrasts = f"""
The contrast of the five frames is off the aggregated one by {off["one"]:.1f} points in one person's
codes, {off["pooled"]:.1f} in codes drawn from the posterior, {off["mode"]:.1f} in its mode and
{off["majority"]:.1f} in the majority. The aggregated frame is itself a majority of the same
people's answers, which favours the last two. Intervals are {long["one"]:.0f}, {long["pooled"]:.0f},
{long["mode"]:.0f} and {long["majority"]:.0f} points long; only those of drawn codes count that
codes are uncertain. With so few outlets all of them hold the aggregated contrast.
"""
    wins = {who: value[f"stand-in, {who}: wins"] >= stats.WINNING_RATE for who in STAND_INS}
    rare = value["share of yes"].where(lambda yes: yes < 0.5, 1 - value["share of yes"])
    passed, failed = (rare[wins[STAND_INS[1]] == flag] for flag in (True, False))
    test = f"""
The **alternative annotator test** (Calderon, Reichart and Dror 2025), with these votes put through
the files of the coding page. No model coded the articles, so three stand-ins with a known answer:
the majority of the people in the data passes in {wins["majority"].sum()} of {len(alpha)}, answers
drawn with the share of yes in {wins["drawn"].sum()}, and **one answer always in
{wins[STAND_INS[1]].sum()}**: it passes where the rarer answer has {100 * passed.mean():.0f}% in the
mean, and fails where it has {100 * failed.mean():.0f}%. The test alone would let a model that never
sees a rare code stand in for people. So the package holds every verdict against the answer that is
always the same: where that passes too, nothing is said for the model.
"""
    return "\n".join(lines) + "\n" + people + contrasts + test


def main() -> None:
    """Write the table, and what the README says of it."""
    table = pd.concat([measure(code) for code in load()[0].columns])
    table = table[["code", "measure", "value", "low", "high"]]
    table.to_csv(HERE / "human_codes.csv", index=False, lineterminator="\n")
    readme = HERE / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split("<!-- human codes -->\n")
    after = rest.split("<!-- end of human codes -->")[1]
    readme.write_text(
        f"{before}<!-- human codes -->\n{words(table)}<!-- end of human codes -->{after}",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
