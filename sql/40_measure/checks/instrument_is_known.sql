-- fail: Every rating that counts was made with an instrument version that is here; else its scores would silently drop out.
select rating.rating_id
from current.rating as rating
anti join reference.instrument as instrument
    on instrument.instrument_id = rating.instrument_id
    and instrument.version = rating.instrument_version
