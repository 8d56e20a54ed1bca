"""Messages as dictionaries of Python's own values."""


def plain(message):
    """Every field by name, also those that are not set: numbers, text, lists, dictionaries; an absent message is None.
    Values of enumerations are named as in metrics: "spi_insert"."""
    return {field.name: _value(message, field) for field in message.DESCRIPTOR.fields}


def _value(message, field):
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return dict(value)
    if _is_repeated(field):
        return [_single(item, field) for item in value]
    if field.message_type is not None and not message.HasField(field.name):
        return None
    return _single(value, field)


def _is_repeated(field):
    # Protobuf 7 has no labels, Protobuf 4 nothing else.
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED


def _single(value, field):
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is None:
        return value
    known = field.enum_type.values_by_number.get(value)
    return f"unknown {value}" if known is None else _short(known.name, field.enum_type.name)


def _short(name, enum):
    prefix = "".join("_" + letter if letter.isupper() else letter.upper() for letter in enum)[1:] + "_"
    return (name[len(prefix):] if name.startswith(prefix) else name).lower()
