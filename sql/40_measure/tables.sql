-- What fitted models say, kept from night to night under the hash of the ratings and settings they rest on (flows/measure/fits.py).
-- A model whose hash is not tonight's is removed, so that no estimate outlives the ratings behind it.
create schema if not exists measure;
create table if not exists measure.fit(
    fit_id varchar, instrument_id varchar, role varchar, kind varchar, name varchar, scale varchar, n_ratings integer,
    mean double, mean_se double, log_likelihood double, note varchar
);
create table if not exists measure.fit_component(
    fit_id varchar, position integer, facet varchar, variance double, share double, n_levels integer, note varchar
);
create table if not exists measure.fit_therapist(
    fit_id varchar, therapist_id varchar, comparison_group integer, note varchar, estimate double, low double, high double,
    p_adequate double, p_strength double, reliability double, trend double, trend_low double, trend_high double,
    sessions_to_50 integer, sessions_to_70 integer, sessions_to_80 integer
);
create table if not exists measure.fit_rater(
    fit_id varchar, rater_id varchar, comparison_group integer, severity double, low double, high double
);
