"""NASA's data sets as they are published: addresses, files, and how a copy is checked.

The sha256 of FD001 and FD002 are those of verified copies. Those of FD003 and FD004 come from
public repositories: two alike, but for FD004's test file (one, and a prefix in another) and truth
file (one). Of PHM08 there are the git blob ids that five public repositories share.
"""

import hashlib
from dataclasses import dataclass

from pipeline.sources.faults import SourceError

_CMAPSS = (
    "https://data.nasa.gov/docs/legacy/CMAPSSData.zip",
    "https://phm-datasets.s3.amazonaws.com/NASA/"
    "6.+Turbofan+Engine+Degradation+Simulation+Data+Set.zip",
    "https://zenodo.org/records/15346912/files/CMAPSSData.zip?download=1",
    "https://nixtla-public.s3.amazonaws.com/datasetsforecast/CMAPSSData.zip",
    "https://kr0k0tsch.de/rul-datasets/CMAPSSData.zip",
)
_PHM08 = (
    "https://data.nasa.gov/download/nk8v-ckry/application%2Fzip",
    "https://ti.arc.nasa.gov/m/project/prognostic-repository/Challenge_Data.zip",
)
_REPOSITORY = (
    "https://www.nasa.gov/intelligent-systems-division/discovery-and-systems-health/pcoe/"
    "pcoe-data-set-repository/"
)


@dataclass(frozen=True)
class Check:
    """How one file is told to be NASA's.

    Attributes:
        digest: hexadecimal digits.
        blob: the digest is a git blob id (SHA-1 over a header and the content), else sha256.
    """

    digest: str
    blob: bool = False

    def holds(self, content: bytes) -> bool:
        """Whether the content is the one that was published."""
        if self.blob:
            header = f"blob {len(content)}\0".encode()
            sha1 = hashlib.sha1(header + content, usedforsecurity=False)
            return sha1.hexdigest() == self.digest
        return hashlib.sha256(content).hexdigest() == self.digest


@dataclass(frozen=True)
class DataSet:
    """One published data set.

    Attributes:
        addresses: of a zip that holds it, in the order in which they are tried.
        page: where a person finds it.
        files: file name to its check.
    """

    addresses: tuple[str, ...]
    page: str
    files: dict[str, Check]


def _cmapss(number: int, train: str, test: str, truth: str) -> DataSet:
    digests = {"train": train, "test": test, "RUL": truth}
    files = {f"{part}_FD00{number}.txt": Check(digest) for part, digest in digests.items()}
    return DataSet(_CMAPSS, _REPOSITORY, files)


DATA_SETS: dict[str, DataSet] = {
    "fd001": _cmapss(
        1,
        "963b5e22825b34d8b21c69e1aeb4af3e647050eb672ee8834ba4b5d91d2de0f8",
        "3cda7109ce17bafb5443f2ac926cfcf88154b941b8c4cf95eb55d1ddd6f52851",
        "a19c8ec94931949d0485bdc35118206e9c81c4547b422efb9cf86f4ceddbceca",
    ),
    "fd002": _cmapss(
        2,
        "dac6c4dbc4e7c1bdeb5747da3d313d05c395bb99801b44a002b26a2ba13d788f",
        "de7b5bf7e998a985c378488480528b7c02cff1406a46740def362dda8d9b4e02",
        "c851dd96a6ea6998d3c4a8f834d3c8013aa90e93a6ed950dc826ad0655b2906b",
    ),
    "fd003": _cmapss(
        3,
        "2abbe9968cc5e8eb091980f51b20f62bb4127336d3482cb52071d53bf23329e2",
        "299babd63c8d987cef079c4a425429f33b3a34797d803bbe2ad48c29dbd0d790",
        "df1e0566306b174a2de41c67a3e7a51877889598b78643fc3e5685259091b7cb",
    ),
    "fd004": _cmapss(
        4,
        "27ef6160b6a1dcb2613a88de9c239f763b223f02cdc41dc5cdedc5dc189b6218",
        "1dc675fff0624bac10786927c6715b37d1297657137400d2b1a3138d777a3ba5",
        "196b836b85a95ac7fdbbf29c5fdf1657382eafa445644d114ffaaf50dc2975e1",
    ),
    "phm08": DataSet(
        _PHM08,
        "https://data.nasa.gov/dataset/phm-2008-challenge",
        {
            "train.txt": Check("d3c7c8e9db96873f76096d5da76091f96b516061", blob=True),
            "test.txt": Check("6d7125e141059f85c9b752b8df5eaf53a5036c90", blob=True),
            "final_test.txt": Check("989749e418673f8ede7ea049c9fd93153b923b37", blob=True),
        },
    ),
}


def data_set(name: str) -> DataSet:
    """A data set by name, in any case.

    Raises:
        SourceError: there is none of that name.
    """
    found = DATA_SETS.get(name.lower())
    if found is None:
        raise SourceError(f"data set {name!r}: one of {', '.join(DATA_SETS)}")
    return found
