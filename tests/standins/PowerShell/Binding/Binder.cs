using System.Management.Automation;
using CtrPS.StandIn.Language;
using CtrPS.StandIn.Objects;

namespace CtrPS.StandIn.Binding;

/// <summary>Binds the words of one command, then object by object what comes through the pipeline.</summary>
internal sealed class Binder(CommandMetadata command, Cmdlet cmdlet, CommonParameters common, Dictionary<string, object?> bound)
{
    private readonly HashSet<ParameterMetadata> _boundByLine = [];
    private readonly Dictionary<ParameterMetadata, object?> _defaults = [];
    private List<string> _sets = [.. command.Sets];

    /// <summary>The parameter set that the bound parameters leave.</summary>
    public string Set => _sets.Count == 1 ? _sets[0] : command.DefaultSet is { } set && _sets.Contains(set) ? set : _sets[0];

    /// <summary>Binds the words.</summary>
    /// <exception cref="ParameterBindingException">The words do not fit the parameters.</exception>
    public void BindWords(IReadOnlyList<Word> words, bool hasInput)
    {
        Queue<Argument> positional = BindNamed(words);
        BindPositional(positional);
        ResolveSet(hasInput);
        ParameterMetadata[] missing = [.. Unbound.Where(parameter => parameter.In(Set) is { Mandatory: true } own && !(hasInput && TakesInput(own)))];
        if (missing.Length > 0)
        {
            throw BindingErrors.Missing(missing);
        }
    }

    /// <summary>Binds an object of the pipeline, in place of the one before it.</summary>
    /// <exception cref="ParameterBindingException">The object is for no parameter, or a value of it is not valid.</exception>
    public void BindInput(object? input)
    {
        foreach ((ParameterMetadata parameter, object? value) in _defaults)
        {
            parameter.Set(cmdlet, value);
            bound.Remove(parameter.Name);
        }

        _defaults.Clear();
        foreach ((bool byName, bool convert) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            foreach (ParameterMetadata parameter in Unbound.Where(parameter => byName
                ? parameter.In(Set) is { ValueFromPipelineByPropertyName: true }
                : parameter.In(Set) is { ValueFromPipeline: true }).ToList())
            {
                if (!byName || Property(parameter, input) is not null)
                {
                    TryBindInput(parameter, byName ? Property(parameter, input)!.Value : input, convert);
                }
            }
        }

        if (_defaults.Count == 0)
        {
            throw BindingErrors.InputNotBound();
        }

        if (Unbound.Where(parameter => parameter.In(Set) is { Mandatory: true }).ToArray() is { Length: > 0 } missing)
        {
            throw BindingErrors.Missing(missing);
        }
    }

    private IEnumerable<ParameterMetadata> Unbound =>
        command.Parameters.Where(parameter => !_boundByLine.Contains(parameter) && !_defaults.ContainsKey(parameter));

    private static bool TakesInput(ParameterAttribute parameter) => parameter.ValueFromPipeline || parameter.ValueFromPipelineByPropertyName;

    private static PSPropertyInfo? Property(ParameterMetadata parameter, object? input) => input is null ? null
        : parameter.Aliases.Prepend(parameter.Name)
            .Select(name => PSObject.AsPSObject(input).Properties[name]).OfType<PSPropertyInfo>().FirstOrDefault();

    private Queue<Argument> BindNamed(IReadOnlyList<Word> words)
    {
        var positional = new Queue<Argument>();
        for (int i = 0; i < words.Count; i++)
        {
            if (words[i] is Argument argument)
            {
                positional.Enqueue(argument);
                continue;
            }

            var name = (ParameterName)words[i];
            ParameterMetadata parameter = command.Find(name.Name);
            CommonParameters.RequireKnown(parameter);
            if (_boundByLine.Contains(parameter))
            {
                throw BindingErrors.AlreadyBound(parameter);
            }

            Argument value = name.Value ?? (parameter.IsSwitch ? new Argument(true)
                : i + 1 < words.Count && words[i + 1] is Argument next ? next
                : throw BindingErrors.NoArgument(parameter));
            i += name.Value is null && !parameter.IsSwitch ? 1 : 0;
            Bind(parameter, value.Value);
            _boundByLine.Add(parameter);
            Narrow(parameter);
        }

        return positional;
    }

    private void BindPositional(Queue<Argument> arguments)
    {
        while (arguments.TryDequeue(out Argument? argument))
        {
            ParameterMetadata parameter = Positional([Set]) ?? Positional(_sets) ?? throw BindingErrors.NoPosition(PSObject.Text(argument.Value));
            Bind(parameter, argument.Value);
            _boundByLine.Add(parameter);
            Narrow(parameter);
        }
    }

    private ParameterMetadata? Positional(IReadOnlyList<string> sets) => Unbound
        .SelectMany(parameter => sets.Select(set => (Parameter: parameter, Position: parameter.In(set)?.Position ?? -1)))
        .Where(candidate => candidate.Position >= 0)
        .OrderBy(candidate => candidate.Position)
        .FirstOrDefault().Parameter;

    private void Narrow(ParameterMetadata parameter)
    {
        _sets = parameter.IsCommon ? _sets : [.. _sets.Where(set => parameter.In(set) is not null)];
        if (_sets.Count == 0)
        {
            throw BindingErrors.AmbiguousSet();
        }
    }

    private void ResolveSet(bool hasInput)
    {
        if (_sets.Count > 1 && (command.DefaultSet is null || !_sets.Contains(command.DefaultSet)))
        {
            bool IsComplete(string set) => !Unbound.Any(parameter => parameter.In(set) is { Mandatory: true } own && !(hasInput && TakesInput(own)));
            List<string> complete = [.. _sets.Where(IsComplete)];
            _sets = complete.Count == 1 ? complete : throw BindingErrors.AmbiguousSet();
        }
    }

    private void TryBindInput(ParameterMetadata parameter, object? value, bool convert)
    {
        object? transformed = Transform(parameter, value);
        if (!convert && !Converter.IsOfType(transformed, parameter.Type))
        {
            return;
        }

        object? before = parameter.Get(cmdlet);
        try
        {
            Assign(parameter, transformed);
        }
        catch (ParameterBindingException e) when (e.InnerException is PSInvalidCastException)
        {
            return; // not convertible: it is for another parameter, or for none
        }

        _defaults[parameter] = before;
    }

    private void Bind(ParameterMetadata parameter, object? value) => Assign(parameter, Transform(parameter, value));

    private static object? Transform(ParameterMetadata parameter, object? value)
    {
        if (parameter.Transformations.Count == 0)
        {
            return value;
        }

        try
        {
            object? plain = value is object[] many ? Array.ConvertAll(many, NumberOf) : NumberOf(value);
            return parameter.Transformations.Aggregate(plain, (current, transformation) => transformation.Transform(new EngineIntrinsics(), current));
        }
        catch (Exception e) when (e is ArgumentTransformationMetadataException or PSInvalidCastException)
        {
            throw BindingErrors.NotTransformed(parameter, e);
        }

        static object? NumberOf(object? one) => one is NumberLiteral number ? number.Value : one;
    }

    private void Assign(ParameterMetadata parameter, object? value)
    {
        object? converted;
        string? Fault(object? argument) => parameter.Validations.Select(validation => validation.Fault(argument)).OfType<string>().FirstOrDefault();
        string? fault = value is null ? Fault(value) : null;
        try
        {
            converted = fault is null ? Converter.To(value, parameter.Type) : null;
        }
        catch (PSInvalidCastException e)
        {
            throw BindingErrors.NotConverted(parameter, e);
        }

        fault ??= Fault(converted);
        if (fault is not null)
        {
            throw BindingErrors.NotValid(parameter, fault);
        }

        parameter.Set(parameter.IsCommon ? common : cmdlet, converted);
        bound[parameter.Name] = converted;
    }
}
