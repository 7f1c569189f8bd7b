"""How long AWS supports each runtime: facts that age, with the day on which AWS published them. Pure; nobody's clock is read here.

From AWS's page of runtimes, whose dates for days to come AWS calls projected and moves now and then. A date that is not known stands
empty, and so does a successor where there is none yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"
PUBLISHED_ON = "2026-09-29"


class Life(NamedTuple):
    """Days in ISO 8601: when support ends, and from when AWS refuses to create and to update functions."""

    deprecation: str = ""
    create_block: str = ""
    update_block: str = ""
    successor: str = ""


RUNTIMES: Mapping[str, Life] = {
    "custom": Life(),
    "dotnet6": Life("2024-12-20", "2027-02-01", "2027-03-03", "dotnet10"),
    "dotnet8": Life("2026-11-10", "2027-02-01", "2027-03-03", "dotnet10"),
    "dotnet10": Life("2028-11-14", "2028-12-14", "2029-01-15"),
    "dotnetcore1.0": Life("2019-06-27", "2019-06-30", "2019-07-30", "dotnet10"),
    "dotnetcore2.0": Life("2019-05-30", "2019-04-30", "2019-05-30", "dotnet10"),
    "dotnetcore2.1": Life("2022-01-05", "2022-01-05", "2022-04-13", "dotnet10"),
    "dotnetcore3.1": Life("2023-04-03", "2023-04-03", "2023-05-03", "dotnet10"),
    "go1.x": Life("2024-01-08", "2024-02-08", "2027-03-03", "provided.al2023"),
    "java8": Life("2024-01-08", "2024-02-08", "2027-03-03", "java25"),
    "java8.al2": Life("2027-06-30", "2027-07-31", "2027-08-31", "java25"),
    "java8.al2023": Life(successor="java25"),
    "java11": Life("2027-06-30", "2027-07-31", "2027-08-31", "java25"),
    "java11.al2023": Life(successor="java25"),
    "java17": Life("2027-06-30", "2027-07-31", "2027-08-31", "java25"),
    "java17.al2023": Life(successor="java25"),
    "java21": Life("2029-06-30", "2029-07-31", "2029-08-31", "java25"),
    "java25": Life("2029-06-30", "2029-07-31", "2029-08-31"),
    "nodejs": Life("2016-08-30", "2016-09-30", "2016-10-31", "nodejs24.x"),
    "nodejs4.3": Life("2020-03-05", "2020-02-03", "2020-03-05", "nodejs24.x"),
    "nodejs4.3-edge": Life("2020-03-05", "2019-03-31", "2019-04-30", "nodejs24.x"),
    "nodejs6.10": Life("2019-08-12", "2019-07-12", "2019-08-12", "nodejs24.x"),
    "nodejs8.10": Life("2020-03-06", "2020-02-04", "2020-03-06", "nodejs24.x"),
    "nodejs10.x": Life("2021-07-30", "2021-07-30", "2022-02-14", "nodejs24.x"),
    "nodejs12.x": Life("2023-03-31", "2023-03-31", "2023-04-30", "nodejs24.x"),
    "nodejs14.x": Life("2023-12-04", "2024-01-09", "2027-03-03", "nodejs24.x"),
    "nodejs16.x": Life("2024-06-12", "2027-02-01", "2027-03-03", "nodejs24.x"),
    "nodejs18.x": Life("2025-09-01", "2027-02-01", "2027-03-03", "nodejs24.x"),
    "nodejs20.x": Life("2026-04-30", "2027-02-01", "2027-03-03", "nodejs24.x"),
    "nodejs22.x": Life("2027-04-30", "2027-06-01", "2027-07-01", "nodejs24.x"),
    "nodejs24.x": Life("2028-04-30", "2028-06-01", "2028-07-01"),
    "nodejs26.x": Life(),
    "provided": Life("2024-01-08", "2024-02-08", "2027-03-03", "provided.al2023"),
    "provided.al2": Life("2026-07-31", "2027-02-01", "2027-03-03", "provided.al2023"),
    "provided.al2023": Life("2029-06-30", "2029-07-31", "2029-08-31"),
    "python2.7": Life("2021-07-15", "2021-07-15", "2022-05-30", "python3.14"),
    "python3.6": Life("2022-07-18", "2022-07-18", "2022-08-29", "python3.14"),
    "python3.7": Life("2023-12-04", "2024-01-09", "2027-03-03", "python3.14"),
    "python3.8": Life("2024-10-14", "2027-02-01", "2027-03-03", "python3.14"),
    "python3.9": Life("2025-12-15", "2027-02-01", "2027-03-03", "python3.14"),
    "python3.10": Life("2026-10-31", "2027-02-01", "2027-03-03", "python3.14"),
    "python3.11": Life("2027-06-30", "2027-07-31", "2027-08-31", "python3.14"),
    "python3.12": Life("2028-10-31", "2028-11-30", "2029-01-10", "python3.14"),
    "python3.13": Life("2029-06-30", "2029-07-31", "2029-08-31", "python3.14"),
    "python3.14": Life("2029-06-30", "2029-07-31", "2029-08-31"),
    "python3.15": Life(),
    "ruby2.5": Life("2021-07-30", "2021-07-30", "2022-03-31", "ruby4.0"),
    "ruby2.7": Life("2023-12-07", "2024-01-09", "2027-03-03", "ruby4.0"),
    "ruby3.2": Life("2026-03-31", "2027-02-01", "2027-03-03", "ruby4.0"),
    "ruby3.3": Life("2027-03-31", "2027-04-30", "2027-05-31", "ruby4.0"),
    "ruby3.4": Life("2028-03-31", "2028-04-30", "2028-05-31", "ruby4.0"),
    "ruby4.0": Life("2029-03-31", "2029-04-30", "2029-05-31"),
}
