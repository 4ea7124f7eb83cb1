"""What happens to an instrument: published wording adopted, adapted, translated, compared, filed."""
