"""The REST API: resources as pydantic models, who may ask for what, and errors that say what to do."""
