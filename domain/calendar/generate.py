#!/usr/bin/env python3
"""Writes china.toml, the working-day calendar, from the PyPI package `chinesecalendar` (MIT, (c) Lirian Su).

    pip download --no-deps --no-binary :all: chinesecalendar==1.11.0
    tar xzf chinesecalendar-1.11.0.tar.gz
    python3 generate.py chinesecalendar-1.11.0/chinese_calendar/constants.py > china.toml

The package holds the final state of each year alone. What each year's notice said before it was amended is told by
AMENDMENTS below: the days an amending notice moved, as the notice says them. They agree with what the package's own
releases changed: 1.1.0 to 1.2.0 (2018), 1.2.0 to 1.2.2 (2019), 1.3.1 to 1.4.0 (2020). No other amendment is known.
"""

import datetime
import importlib.util
import sys

FIRST, LAST = 2007, 2026

# The notices on gov.cn that the package's source names. A day is given where the address tells it; those of 2024 to 2026
# are the days Xinhua reported the notices in full and the notices themselves bear (2023-10-25, 2024-11-12, 2025-11-04).
NOTICES = {
    2007: ("2006-12-18", "http://www.gov.cn/fwxx/sh/2006-12/18/content_471877.htm"),
    2008: ("2007-12-18", "http://www.gov.cn/zwgk/2007-12/18/content_837184.htm"),
    2009: ("2008-12-10", "http://www.gov.cn/zwgk/2008-12/10/content_1174014.htm"),
    2010: ("2009-12-08", "http://www.gov.cn/zwgk/2009-12/08/content_1482691.htm"),
    2011: ("2010-12-10", "http://www.gov.cn/zwgk/2010-12/10/content_1762643.htm"),
    2012: ("2011-12-06", "http://www.gov.cn/zwgk/2011-12/06/content_2012097.htm"),
    2013: ("2012-12-10", "http://www.gov.cn/zwgk/2012-12/10/content_2286598.htm"),
    2014: ("2013-12-11", "http://www.gov.cn/zwgk/2013-12/11/content_2546204.htm"),
    2015: ("2014-12-16", "http://www.gov.cn/zhengce/content/2014-12/16/content_9302.htm"),
    2016: ("2015-12-10", "http://www.gov.cn/zhengce/content/2015-12/10/content_10394.htm"),
    2017: ("2016-12-01", "http://www.gov.cn/zhengce/content/2016-12/01/content_5141603.htm"),
    2018: ("2017-11-30", "http://www.gov.cn/zhengce/content/2017-11/30/content_5243579.htm"),
    2019: ("2018-12-06", "http://www.gov.cn/xinwen/2018-12/06/content_5346287.htm"),
    2020: ("2019-11-21", "http://www.gov.cn/zhengce/content/2019-11/21/content_5454164.htm"),
    2021: ("2020-11-25", "http://www.gov.cn/zhengce/content/2020-11/25/content_5564127.htm"),
    2022: ("2021-10-25", "http://www.gov.cn/zhengce/content/2021-10/25/content_5644835.htm"),
    2023: ("2022-12-08", "http://www.gov.cn/zhengce/content/2022-12/08/content_5730844.htm"),
    2024: ("2023-10-25", "https://www.gov.cn/zhengce/content/202310/content_6911527.htm"),
    2025: ("2024-11-12", "https://www.gov.cn/zhengce/content/202411/content_6986382.htm"),
    2026: ("2025-11-04", "https://www.gov.cn/zhengce/zhengceku/202511/content_7047091.htm"),
}

# Days whose standing a later notice changed: the day, what it was before, what it became; None is an ordinary day.
AMENDMENTS = {
    2007: ("2007-12-18", NOTICES[2008][1], {
        "12-29": (None, "work"), "12-30": (None, "off"), "12-31": (None, "off")}),
    2011: ("2011-12-06", NOTICES[2012][1], {"12-31": (None, "work")}),
    2015: ("2015-05-13", "http://www.gov.cn/zhengce/content/2015-05/13/content_9742.htm", {
        "09-03": (None, "off"), "09-04": (None, "off"), "09-06": (None, "work")}),
    2018: ("2018-12-06", NOTICES[2019][1], {
        "12-29": (None, "work"), "12-30": (None, "off"), "12-31": (None, "off")}),
    2019: ("2019-03-22", "http://www.gov.cn/zhengce/content/2019-03/22/content_5375877.htm", {
        "04-28": (None, "work"), "05-02": (None, "off"), "05-03": (None, "off"), "05-04": (None, "off"),
        "05-05": (None, "work")}),
    2020: ("2020-01-27", "http://www.gov.cn/zhengce/content/2020-01/27/content_5472352.htm", {
        "01-31": (None, "off"), "02-01": ("work", "off"), "02-02": (None, "off")}),
}


def read(path):
    spec = importlib.util.spec_from_file_location("constants", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    days = {day: "off" for day in module.holidays}
    days.update({day: "work" for day in module.workdays})
    return days


def ranges(days):
    """Neighbouring days as one entry: 10-01..10-08."""
    found = []
    for day in sorted(days):
        if found and day - found[-1][1] == datetime.timedelta(days=1):
            found[-1][1] = day
        else:
            found.append([day, day])
    show = lambda day: day.strftime("%m-%d")
    return [show(a) if a == b else f"{show(a)}..{show(b)}" for a, b in found]


def version(year, number, known_from, notice, days):
    print("\n[[version]]")
    print(f"year = {year}\nnumber = {number}")
    if known_from:
        print(f'known_from = "{known_from}"')
    if notice:
        print(f'notice = "{notice}"')
    for word in ("off", "work"):
        listed = ranges(day for day, standing in days.items() if standing == word)
        print(f"{word} = [" + ", ".join(f'"{one}"' for one in listed) + "]")


def main():
    days = read(sys.argv[1])
    print("# Days off and days worked by the yearly notices of the State Council on public holidays, and by what amended")
    print("# them. Written by generate.py; see there for the source. Any day not listed is an ordinary one: worked from Monday")
    print("# to Friday. A version is known from the day its notice was published; left out where the source does not tell it.")
    for year in range(FIRST, LAST + 1):
        final = {day: standing for day, standing in days.items() if day.year == year}
        known_from, notice = NOTICES[year]
        if year not in AMENDMENTS:
            version(year, 1, known_from, notice, final)
            continue
        amended_on, amended_by, changes = AMENDMENTS[year]
        first = dict(final)
        for month_day, (before, after) in changes.items():
            day = datetime.date.fromisoformat(f"{year}-{month_day}")
            if final.get(day) != after:
                sys.exit(f"{day}: the package says {final.get(day)}, the amendment {after}")
            first.pop(day)
            if before:
                first[day] = before
        version(year, 1, known_from, notice, first)
        version(year, 2, amended_on, amended_by, final)


main()
